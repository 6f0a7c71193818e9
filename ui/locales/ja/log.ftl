# The log, its rows, its filters, and one entry.

log = アクティビティログ
log-purpose = 誰が、いつ、どこから、何をして、どうなったか。
log-search = ログを検索
log-query = クエリ
log-query-example = actor:"Ana" action:macro.* -outcome:success "refund policy"
log-count = { $count ->
   *[other] { $count }件のエントリ
}
log-count-range = { $count ->
   *[other] { $count }件のエントリ
} · { $range }
entries = エントリ
number = { $n }
search = 検索
suggestions = 候補
export = エクスポート
filters = フィルター
loading = 読み込み中…
show-everything = グラフとフィルターを表示
as-table = 表で表示
columns = 列
columns-show = 表示
query-meant = もしかして：

range = 期間
range-15m = 過去15分間
range-1h = 過去1時間
range-24h = 過去24時間
range-7d = 過去7日間
range-30d = 過去30日間
range-90d = 過去90日間
range-month = 今月
range-last-month = 先月
range-all = 全期間
range-custom = カスタム期間
range-from = 開始
range-to = 終了
range-apply = この期間を表示

views = 保存済みビュー
view-sign-in-failures = サインインの失敗
view-permissions = 権限の変更
view-exports = エクスポートとデータアクセス
view-settings = 設定の変更
view-tokens = トークン
view-mine = 自分のアクティビティ
view-save = ビューを保存
view-name = ビュー名
view-shared = 公開範囲
view-shared-own = 自分のみ
view-shared-listed = 全員（各自の権限で見える範囲）
view-shared-opened = 全員（閲覧者にもエントリを公開）
view-first = このビューをログの初期表示にする
first-view = ログの初期表示
view-remove = ビュー「{ $name }」を削除

chip = { $key }：{ $value }
chip-not = { $key }：{ $value }を除外
chip-text = 「{ $text }」
chip-text-not = 「{ $text }」を除外
chip-remove = フィルターを解除：{ $chip }
chips-clear = すべて解除

tail = ライブ表示
tail-new-pattern = 新しいエントリ{"{n}"}件
tail-new-one-pattern = 新しいエントリ{"{n}"}件
tail-gap-pattern = {"{n}"}件のエントリがスキップされました。再読み込みすると表示されます。
tail-gap-one-pattern = {"{n}"}件のエントリがスキップされました。再読み込みすると表示されます。
tail-rate-pattern = 毎分{"{n}"}件
tail-paused = 一時停止中（接続が切れました）
tail-stopped = 停止しました
tail-continue = 再開

histogram-finding = 最多（{ $when }）：{ $count ->
   *[other] { $count }件のエントリ
}
histogram-empty = この期間のエントリはありません
histogram-bar = { $when }、{ $count ->
   *[other] { $count }件のエントリ
}

outcome-success = 成功
outcome-failure = 失敗
outcome-denied = 拒否
outcome-unknown = 不明

column-outcome = 結果
column-time = 日時
column-who = チームメイト
column-activity = アクティビティ
column-target = 対象
column-ip = IPアドレス
column-location = 場所
column-source = ソース

facet-category = カテゴリ
facet-action = アクティビティ
facet-actor = チームメイト
facet-role = ロール
facet-actor-type = 実行者の種類
facet-outcome = 結果
facet-source = ソース
facet-country = 国
facet-target = 対象の種類
facet-ip = IPアドレス
facet-more = 他{ $n }件…

category-authentication = 認証
category-conversations = 会話
category-settings = 設定
category-agents-roles = チームメイトとロール
category-labels-topics = ラベルとトピック
category-automation-macros = 自動化とマクロ
category-ai-agents = AIエージェント
category-content = コンテンツ
category-data-exports = データとエクスポート
category-billing = 請求
category-integrations = 連携
category-system = システム
category-other = その他

actor-user = ユーザー
actor-agent = AIエージェント
actor-automation = 自動化
actor-api-key = APIキー
actor-app = アプリ
actor-system = システム
actor-anonymous = 未サインイン

source-ui = ブラウザー
source-api = API
source-cli = コマンドライン
source-import = インポート

table-caption = エントリ（新しい順）
row-menu = この行の内容で絞り込む
filter-for = { $value }のみ
filter-out = { $value }を除外
filter-similar = 同じアクティビティのエントリ
grouped = ×{ $n }
group-on = 同種をまとめる
group-off = 個別に表示
on-behalf-of = { $name }の代理
forged = なりすましの疑い
forged-told = この名前には異なる文字体系が混在しており、別の名前に見せかけている可能性があります。
received-later = { $duration }後に受信
all-late = これらのエントリは、インポートなどにより、発生からかなり後に受信されました。エントリを開くと両方の日時を確認できます。
older = 以前のエントリ
older-more = さらに50件を読み込む
back-to-newest = 最新のエントリに戻る

empty-never = エントリはまだありません
empty-never-told = イベントが届くと、誰が、いつ、どこから、何をして、何が変わったかがここに表示されます。トークンを作成して、最初のイベントを送信してください：
empty-never-act = トークンを作成
empty-filtered = 一致するエントリはありません
empty-nearest = 最も近い一致は{ $when }です。
empty-show-all = 全期間を表示
empty-widen = 過去30日間に拡大
empty-nowhere = どの期間にも一致するエントリはありません。

tab-summary = 概要
tab-changes = 変更内容（{ $n }）
tab-context = コンテキスト
tab-integrity = 完全性
tab-raw = 生データ
entry-parts = エントリの内容
entry-newer = 新しいエントリへ
entry-older = 古いエントリへ
entry-erased = このエントリのフィールドのうち{ $count }個が消去されました。残りの部分は引き続き検証できます。
entry-erased-notices = 消去の通知

fact-who = 実行者
fact-on-behalf-of = 代理元
fact-activity = アクティビティ
fact-category = カテゴリ
fact-outcome-reason = 結果の理由
fact-targets = 対象
fact-reason = 申告された理由
fact-description = 説明
fact-occurred = 発生日時
fact-received = 受信日時
fact-source = ソース
fact-ip = IPアドレス
fact-location = 場所
fact-session = セッション
fact-request = リクエスト
fact-user-agent = ユーザーエージェント
fact-policy = ポリシー
fact-metadata = メタデータ
fact-id = ID

changes-none = このエントリには変更前後の値が記録されていません。
changes-caption = 変更された内容
change-field = 項目
change-before = 変更前
change-after = 変更後
change-added = ＋ 追加
change-removed = － 削除
change-changed = ～ 変更
change-masked = ••••（機密のため保存されていません）
copy-patch = JSON Patchとしてコピー

around-actor = 同じ実行者のエントリ
around-target = 同じ対象のエントリ
around-session = 同じセッションのエントリ

check-leaf = 保存されているエントリのハッシュは、書き込み時に記録されたものと一致します。
check-leaf-bad = 保存されているエントリのハッシュが、記録されたものと一致しません。エントリは改変されています。
check-signature = 最新のチェックポイントは、このログのキーで署名されています。
check-signature-bad = 最新のチェックポイントは、このログのキーで署名されていません。
check-path = { $steps ->
   *[other] { $steps }個のハッシュで
}、エントリから署名済みのルート（エントリ数{ $size }）までたどれます。
check-path-bad = ハッシュをたどっても、エントリから署名済みのルートに到達しません。
check-unsigned = このエントリを対象とするチェックポイントはまだありません。まもなく作成されるので、少し待ってからもう一度お試しください。
check-good = 完全性に問題なし：このエントリは、書き込まれたときのまま署名済みログに含まれています。
check-bad = 証明できませんでした。下の各ステップを確認してください。
verify-now = 今すぐ検証
proof-json = 証明（JSON）
proof-file = 証明ファイル
proof-index = ログ内の位置
proof-leaf = リーフハッシュ
proof-size = ツリーのサイズ
proof-root = ルート
proof-path = パス
proof-path-none = ハッシュなし
proof-path-count = { $n ->
   *[other] { $n }個のハッシュ
}
proof-note = 署名済みチェックポイント
proof-offline = このサーバーを使わずに自分で検証
proof-offline-told = サーバーが侵害されていれば、このページの表示も改ざんされている可能性があります。証明ファイルをダウンロードし、別のマシンで、そこに保管しているキーを使って検証してください：

values-find = 値を検索
values-none = 一致する値はありません。
panel-wide = パネルを広げる
panel-narrow = パネルを狭める
mistake-key = この検索キーはありません。
mistake-value = 検索キー{ $key }にこの値は使えません。使える値：{ $values }
mistake-time = 検索キー{ $key }にこの値は使えません。2026-11-21や2026-11-21T19:40:00Zのような日付または日時、today、yesterday、-7d、-24h、それらの前に>=、>、<、<=を付けたもの、または「古い方..新しい方」の形で指定してください。
mistake-network = アドレスでもネットワークでもありません。203.0.113.9、203.0.113.0/24、2001:db8::/32のように入力してください。
mistake-country = 国ではありません。JPのように2文字のコードで入力してください。
mistake-path = 変更された項目のパスではありません。/conditions/0/valueまたはconditions.0.valueのように入力してください。
mistake-empty = 検索キー{ $key }の値がありません。コロンの直後に入力してください。
mistake-word = 検索できる単語がありません。
mistake-quote = 引用符が足りないか、位置が正しくありません。値全体を引用符で囲んでください。
mistake-star = 検索キー{ $key }には*を使えません。値全体を入力してください。
mistake-star-place = *は末尾にのみ使えます。
mistake-star-word = テキストは単語単位で検索されます。*は使えません。
mistake-id = これはIDのようです。IDはテキストとしては検索できません。id:またはrequest:を使ってください。
mistake-long = 検索条件が長すぎます。{ $count }文字まで入力できます。
mistake-terms = 検索条件が多すぎます。{ $count }個まで指定できます。
