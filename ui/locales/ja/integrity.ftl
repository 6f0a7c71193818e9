# The integrity page.

integrity-purpose = すべてが書き込まれたときのまま残っているかを確認できます。
integrity-quarantined = このログの保存内容が、署名された内容と一致しません。修復されるまで読み取り専用です。
integrity-log = ログ
integrity-origin = 名前
integrity-size = エントリ
integrity-signed = 署名済みエントリ
integrity-key = 検証キー
integrity-key-id = キーID
integrity-key-told = キーは別の場所に保管してください。このページのキーでログを検証しても、このページを信頼していることにしかなりません。
integrity-more = 仕組みと限界について
integrity-offline = このサーバーを使わずに検証
integrity-offline-told = 最初の2行は証拠バンドルまたは1つのエントリの証明を、当社のプログラムまたは短いPythonプログラムで検証します。3行目はデータフォルダー全体を検証します。いずれもこのサーバーを必要とせず、検証結果は終了コードでわかります。
integrity-checkpoints = 署名済みチェックポイント
integrity-signature = 署名
signature-good = 有効
signature-bad = 無効

verify-all = すべてを検証
verify-all-told = 最初から最後まですべてのエントリを読み取ってハッシュを計算し直し、結果をすべての署名済みチェックポイントと照合します。
verify-all-begin = 今すぐすべてを検証
verify-running = { $percent }% · { $size }件中{ $read }件のエントリ
verify-intact = 完全性に問題なし：{ $count ->
   *[other] { $count }件のエントリ
}を読み取り、署名された内容との一致を確認しました。
verify-damaged = 完全性に問題があります。次の問題が見つかりました：
verify-unfinished = 検証を完了できませんでした。問題が見つかったわけではありません。もう一度お試しください。
verify-last = 前回の検証（問題なし）：{ $when }。
percent-pattern = {"{n}"}%
verify-damaged-masked = 完全性に問題があります。詳細はシステム設定を閲覧できる人に表示され、サーバー自身のログにも記録されています。
verify-elsewhere = 現在、サーバーは別のワークスペースを検証しています。数分後にもう一度お試しください。
verify-lately = 少し前に検証したばかりです。{ $seconds }秒後に再度検証できます。

evidence = ファイルを検証
evidence-told = 証拠バンドル（.auditbundle）またはエントリの証明（.tlog-proof）をここにドロップすると、署名されたとおりのものかどうかがわかります。ファイルは受信しながら読み取られ、保存されません。検証したことはログのエントリになります。
evidence-file = ファイル
evidence-limit = 最大{ $most } MB。
evidence-check = 検証
evidence-missing = ファイルを選択してください。
evidence-too-large = ファイルが最後まで届かなかったか、{ $most } MBを超えています。`hindcast verify`ならどのサイズのファイルでも検証できます。
evidence-verdict = 判定
evidence-checked = 検証した内容
evidence-again = 別のファイルを検証
evidence-verified = ファイルは、このログの鍵で署名されたとおりのものです。
evidence-unpinned = ファイルは署名されたとおりのものですが、鍵はファイルに付属していたもので、このログのものではありません。別の方法で入手した鍵と比べてください。
evidence-gap = 含まれているものは署名されたとおりですが、通知で説明されていない欠落があります。
evidence-diverged = ログは、両立しえない2つの状態に署名しています。
evidence-invalid = ファイルは、署名されたものと異なります。
evidence-unreadable = このファイルについては何も判定できません。
evidence-received = 受信日時
evidence-what = 内容
evidence-range = { $first }から{ $last }までのすべてのエントリ
evidence-filtered = クエリで見つかったもの（これがすべてであることは示されません）
evidence-counted = 開示{ $open }件、非開示{ $withheld }件、消失{ $gone }件
evidence-query = クエリ
evidence-closed = 非表示のフィールド
evidence-own-key = このログの鍵
evidence-its-key = ファイルに付属していた鍵
evidence-gaps = 説明のない欠落
evidence-not-shown = 起きたことがすべて記録されたこと、またバンドルのクエリで何が見つかるかは示されません。証人の署名や、保管しておいたチェックポイントとの比較には`hindcast verify`を使ってください。
