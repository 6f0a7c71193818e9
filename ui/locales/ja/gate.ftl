permission-read-policies = ポリシー、ツール、承認を見る
permission-manage-policies = ポリシーとツールを変更する
permission-approve = 承認の依頼に回答する
scope-decide = 実行前にゲートに問い合わせる
