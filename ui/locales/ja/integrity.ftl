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
integrity-offline-told = 1行目は1つのエントリの証明を、2行目はデータフォルダー全体を検証します。どちらもこのサーバーを必要とせず、検証結果は終了コードでわかります。
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

integrity-diverged = このサーバーが署名したチェックポイントのうち、ログと矛盾するものが外部に保管されています。データの古いコピーが戻されたか、2つのサーバーが同じキーを使っています。運用者が対処するまで、何も署名されません。
integrity-anchors = 証人とアンカー
integrity-anchors-told = このサーバーの最新のチェックポイントを受け取ります。その対象となるエントリは、このマシンとキーの両方を持つ人でも、気付かれずに書き換えることはできません。
integrity-anchors-none = このマシンの外部でチェックポイントを受け取る先がありません。マシンとキーの両方を持つ人は、過去を気付かれずに書き換えられます。運用者は、サーバーの設定で証人とアンカーを指定できます。
integrity-anchors-overdue = 運用者が許容する時間を超えて、チェックポイントがこのマシンの外部に送られていません。
integrity-anchored = 最後のアンカー
integrity-anchored-via = { $when }（{ $name }）
integrity-anchored-never = まだありません
integrity-fingerprint = チェックポイントのフィンガープリント
integrity-unanchored = 未アンカー
integrity-unanchored-none = エントリはありません
integrity-unanchored-count = エントリ{ $count }件（最も古いもの：{ $when }）
anchor-name = 名前
anchor-kind = 種類
anchor-last = 最後の送信
anchor-state = 状態
anchor-witness = 証人
anchor-file = ファイル
anchor-syslog = Syslog
anchor-webhook = Webhook
anchor-tsa = タイムスタンプ局
anchor-works = 正常
anchor-fails = 失敗
anchor-waits = 未送信
