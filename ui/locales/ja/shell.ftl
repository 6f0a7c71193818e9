# What every page says.

-brand = Hindcast
product = { -brand }

skip-to-content = 本文へ移動
nav = メインナビゲーション
menu = メニュー
nav-log = ログ
nav-dashboards = ダッシュボード
nav-integrity = 完全性
nav-exports = エクスポート
nav-settings = 設定
nav-help = ヘルプ

workspace-switch = ワークスペースの切り替え
workspace-instance = このサーバー
search-everything = すべてを検索
language = 言語
language-is = 言語：{ $code }（{ $name }）
theme = テーマ
theme-system = システムに合わせる
theme-light = ライト
theme-dark = ダーク
account-of = { $name }のアカウント
my-preferences = 個人設定
my-activity = 自分のアクティビティ
sign-out = サインアウト
close = 閉じる
copy = コピー
copied = コピーしました
later = 後で
go-on = 続行
or = または
with-aside = { $told }（{ $aside }）
save = 保存
cancel = キャンセル
remove = 削除
add = 追加
yes = はい
no = いいえ
unknown = 不明
erased-person = 消去された人物

offline = 接続が切れました。再接続しています。
signed-out = サインアウトされています。入力した内容があれば、このページに残っています。

chain-signed = 署名済みエントリ：{ $entries }件
chain-empty = 署名済みのエントリはまだありません
chain-broken = 完全性に問題あり
notice-diverged = このサーバーの履歴が、証人の確認した履歴と一致しません。運用者が対処するまで、何も署名されません。
notice-quarantined = このログの保存内容が、署名された内容と一致しません。閲覧は続けられますが、修復されるまで新しいエントリは追加されません。
notice-quarantined-more = 検出された内容を表示

narrowed-teams = 所属チームと自分に関するエントリのみ表示されています。
narrowed-own = 自分のアクティビティと、閲覧者に公開されたエントリのみ表示されています。
narrowed-hidden = このロールでは次の項目が非表示です：{ $fields }。

role-owner = オーナー
role-security-admin = セキュリティ管理者
role-support-ops-manager = サポート運用マネージャー
role-auditor = 監査担当者
role-viewer = 閲覧者

field-address = IPアドレスと場所
field-user-agent = ユーザーエージェント
field-session = セッションとリクエスト
field-email = メールアドレス
field-values = 変更前後の値
field-metadata = メタデータ
field-text = 理由と説明

time-ahead = 未来の時刻
time-now = たった今
time-minutes = { $n ->
   *[other] { $n }分前
}
time-hours = { $n ->
   *[other] { $n }時間前
}
time-days = { $n ->
   *[other] { $n }日前
}
time-months = { $n ->
   *[other] { $n }か月前
}
time-years = { $n ->
   *[other] { $n }年前
}
lasting-seconds = { $n ->
   *[other] { $n }秒
}
lasting-minutes = { $n ->
   *[other] { $n }分
}
lasting-hours = { $n ->
   *[other] { $n }時間
}
lasting-days = { $n ->
   *[other] { $n }日
}

shortcuts = キーボードショートカット
shortcuts-off = 個人設定でオフにできます。
key-search = 検索
key-help = このヘルプを表示
key-next = 次／前のエントリ
key-open = エントリを開く
key-close = 開いているパネルなどを閉じる
key-menu = 行の内容で絞り込む
key-tail = ライブ表示のオン／オフ
key-facets = フィルターへ移動
key-export = エクスポート
key-newest = 最新のエントリに戻る
key-change = 次／前の変更

form-errors = 次の項目を確認してください：
expected-name = 名前は1～120文字で入力してください。
expected-text = 1～{ $max }文字で入力してください。
expected-email = メールアドレスを入力してください（例：ana@example.com）。
expected-zone = タイムゾーンを指定してください（例：Europe/Berlin）。

refused-sign-in = サインインしてください
refused-sign-in-told = セッションが終了したか、まだサインインしていません。失われたものはありません。
refused-no-workspace = 参加しているワークスペースがありません
refused-no-workspace-told = 最後に参加していたワークスペースから削除されました。オーナーまたはセキュリティ管理者に、再度の招待を依頼してください。
refused-forbidden = 現在のロールでは許可されていません
refused-forbidden-told = 権限「{ $permission }」が必要です。この権限を含むロールの付与を、ワークスペースのオーナーまたはセキュリティ管理者に依頼してください。
refused-not-found = ページが見つかりません
refused-not-found-told = ページが存在しないか、閲覧する権限がありません。
refused-other-site = このリクエストは別のサイトから送信されました
refused-other-site-told = 安全のため、何も実行していません。元のページに戻って、もう一度お試しください。
refused-ours = 問題が発生しました
refused-ours-told = 原因はサーバー側にあり、操作の誤りではありません。ログの内容は無事ですが、操作は実行されませんでした。もう一度お試しください。繰り返し発生する場合は、下の番号を管理者にお伝えください。
refused-yours = 実行できませんでした
refused-back = 戻る
refused-again = 再試行
refused-request = リクエスト番号：{ $id }
refused-busy = 一度に多くのリクエストがありました。数秒待ってから、もう一度お試しください。
