permission-read-alerts = アラートとルールの閲覧
permission-manage-alerts = アラートへの対応とルールの変更

# アラート：受信箱、アラートの詳細、ルールとそのテスト。

nav-alerts = アラート
alerts-purpose = ルールが見つけた、確認が必要な出来事です。
alerts-waiting = { $count ->
   *[other] 未対応のアラート{ $count }件
}
alerts-states = アラートの状態
alerts-open = 未対応
alerts-acknowledged = 対応中
alerts-resolved = 解決済み
alerts-muted = ミュート中
alerts-all = すべて
alerts-mine = 自分の担当
alerts-none = ここにアラートはありません。
alerts-none-match = 一致するアラートはありません。
alerts-never = アラートはまだありません
alerts-never-told = Hindcastには最初から一式のルールがあり、届いたエントリを1件ずつ確認します。サインインの失敗や異常、権限の拡大、エクスポートと削除、トークンとWebhook、ボットの暴走などです。見つかったものはここに表示されます。
alerts-never-rules = ルールを見る
alerts-never-send = アラートを送信する
alerts-never-send-told = アラートもエントリの一つです。email、slack、teamsなどの種類の送信先に、クエリaction:alert.raisedを指定すると通知されます。
alerts-older = 以前のアラート
alerts-bulk = 選択したアラートの操作
alerts-none-chosen = アラートを1件以上選んでください。
alerts-done-acknowledged = { $count ->
   *[other] { $count }件のアラートを対応中にしました。
}
alerts-done-assigned = { $count ->
   *[other] { $count }件のアラートの担当を変更しました。
}
alerts-done-muted = { $count ->
   *[other] { $count }件のアラートをミュートしました。
}
alerts-done-resolved = { $count ->
   *[other] { $count }件のアラートを解決しました。
}
alerts-done-reopened = { $count ->
   *[other] { $count }件のアラートを未対応に戻しました。
}
undo = 元に戻す
filter = 絞り込む

severity-critical = 重大
severity-high = 高
severity-medium = 中
severity-low = 低
severity-informational = 情報
severity-any = すべての深刻度
severity-from = { $severity }以上

alert-severity = 深刻度
alert-what = 内容と理由
alert-count = 回数
alert-first = 最初の発生
alert-last = 最後の発生
alert-assignee = 担当者
alert-nobody = 担当なし
alert-rule = ルール
alert-rule-gone = ルールは削除されました。
alert-choose = 選択
alert-choose-one = 選択：{ $title } { $about }
alert-hidden = （非表示）
alert-storm = 同種の発生
alert-acknowledge = 対応を開始
alert-assign = 割り当てる
alert-mute-hour = 1時間ミュート
alert-mute-day = 1日ミュート
alert-muted-until = { $time }までミュート
alert-resolve = 解決
alert-reopen = 未対応に戻す
alert-disposition = 判定
alert-note = メモ（任意。ログに残ります）
alert-expected-assignee = アラートを見ることのできる、このワークスペースの人を選んでください。
alert-expected-disposition = 判定を選んでください。
disposition-true-positive = 真陽性：ルールの狙いどおりの出来事
disposition-benign = 無害：狙いどおりだが許可されていた
disposition-false-positive = 誤検知：ルールの誤り
disposition-past = 過去の記録で検出
alert-why = 理由
alert-evidence = 証拠
alert-integrity-of = エントリ{ $index }の完全性
alert-evidence-more = { $count ->
   *[other] それ以前の{ $count }件
}
alert-evidence-gone = { $count ->
   *[other] 関連するエントリ{ $count }件は保存期間が過ぎました。存在したことの証明は残っています。
}
alert-evidence-unseen = { $count ->
   *[other] 関連するエントリ{ $count }件は、現在のロールでは表示されません。
}
alert-usual = 普段の状況
alert-usual-told = ルールが対象とするアクティビティの、アラートまでの30日間の全エントリです。
alert-history = 履歴
alert-history-none = このアラートについての記録はまだログにありません。
alert-act = 対応
alert-steps = 次の手順
alert-false = ルールが誤る場合

alert-rules = アラートルール
alert-rules-purpose = すべてのエントリをログの順に判定します。
rule-any = すべてのルール
rules-own = 自社のルール
rules-sign-in = A · サインイン
rules-authentication = B · 認証とセキュリティ設定
rules-people = C · ロールと人
rules-data = D · データのエクスポートと削除
rules-apps = E · アプリ、トークン、Webhook
rules-impersonation = F · なりすまし操作
rules-settings = G · 自動化と設定
rules-agents = H · ボットとAIエージェント
rules-log = I · ログそのもの
rule-state = 状態
rule-on = オン
rule-off = オフ
rule-asleep = 休止中
rule-asleep-for = 空のリスト：{ $lists }
rule-broken = エラー
rule-muted-until = { $time }までミュート
rule-raised = アラート
rule-precision = 的中率
rule-precision-of = { $percent }%（{ $count }件中）
rule-tune-or-retire = 調整または停止を検討
rule-last = 最後のアラート
rule-switch = オン／オフ
rule-switch-one = { $rule }をオンにする
rule-lists = ルールが使うリスト
rule-lists-told = 1行に1つ入力します。リストが必要なルールは、空の間は休止します。
list-own-domains-told = 例：@example.com（@を付けます）。ほかのドメインへの招待を検出します。
list-own-hosts-told = 例：hooks.example.com。ほかのホストへのWebhookを検出します。
list-too-long = 値は{ $count }件まで、それぞれ256バイトまでです。

rule-new = 新しいルール
rule-new-told = ルールはSigmaで書きます。保存した時点ではオフです。過去のデータでテストしてからオンにしてください。
rule-make = ルールを保存
rule-copy = 自社のルールとしてコピー
rule-delete = ルールを削除
rule-reset = 初期状態に戻す
rule-tunables = 調整できる値
rule-settings = アラートの出し方
rule-quiet = 静穏時間（分）
rule-quiet-told = この時間発生がなければ、次の発生は新しいアラートになります。
rule-mute = ミュートの期限
rule-mute-told = アラートは記録されますが、通知されません。
rule-text = 本文
rule-yaml = SigmaのYAML
rule-shipped-told = このルールはhindcastに付属しています。本文を変えるには、自社のルールとしてコピーしてください。
rule-warnings = 動作しますが、次の点に注意してください：
rule-expected-quiet = 1から{ $max }までの整数（分）を入力してください。
rule-expected-time = 日付と時刻を入力してください。
rule-twice = IDが{ $id }のルールがすでにあります。別のIDを付けてください。
rule-id-stays = ルールのIDは変更できません。アラートはこのIDで記録されています。別のIDにするにはルールをコピーしてください。
rule-too-many = ルールの数が上限に達しています。先にどれかを削除してください。
rule-conflict = ほかの人がこのルールを変更しました。本文を控え、ページを読み込み直してから変更してください。
tunable-between = 既定値は{ $default }、{ $min }から{ $max }まで
tunable-default = 既定値は{ $default }
tunable-expected-number = 数値を入力してください。

flaw-at = { $line }行{ $column }文字目：{ $told }
flaw-yaml = YAMLではありません：{ $told }
flaw-sigma = Sigmaではありません：{ $told }
flaw-unsupported = { $feature }には対応していません。
flaw-unsupported-hint = { $feature }には対応していません（{ $hint }）。
flaw-field = { $field }というフィールドを持つエントリはありません。
flaw-field-meant = { $field }というフィールドを持つエントリはありません。{ $meant }のことでしょうか？
flaw-action = アクション{ $action }は登録されていません。
flaw-action-meant = アクション{ $action }は登録されていません。{ $meant }のことでしょうか？
flaw-rule = { $name }はこの本文のルールではありません。
flaw-missing = { $attribute }がありません：{ $expected }
flaw-invalid = { $attribute }：期待される値は{ $expected }
flaw-too-much = { $what }：上限は{ $max }ですが、{ $found }あります
flaw-weakened = { $told }

test-past = 過去のデータでテスト
test-told = 保存の有無にかかわらず、フォームの内容をテストします。アラートは出ません。
test-days = さかのぼる期間
test-last-days = 過去{ $days }日間
test-begin = テスト
rule-compare = 過去のデータで比べる
rule-compare-told = フォームの内容で増えるアラートと減るアラートを調べます。何も保存されません。
test-look-again = 進み具合を見る
test-running = { $percent }% · { $size }件中{ $judged }件を判定済み
test-would = { $alerts ->
   *[other] アラート{ $alerts }件が
}{ $days }日間に出ていました。
test-cancelled = テストは中止されました。
test-failed = テストが中断しました：{ $told }
test-gone = このテストはもうありません。別のテストが始まったか、サーバーが再起動しました。
test-by-day = 日ごとのアラート（UTC）
test-day = 日
test-bar = { $day }：{ $count ->
   *[other] アラート{ $count }件
}
test-more = { $count ->
   *[other] ほか{ $count }件
}

tile-alerts = 未対応のアラート
tile-alerts-told = 上の期間にかかわらず
view-alert = 新着を通知
destination-for-query = 新しい送信先には、次のクエリに一致するものが届きます：
