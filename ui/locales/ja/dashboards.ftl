# Dashboards: the log in numbers.

board-overview = 概要
board-access = アクセス
board-changes = 変更
board-people = チームメイト
open-in-log = ログで開く
latest = 最新のエントリ

tile-entries = エントリ
tile-people = アクティブなチームメイト
tile-people-told = エントリが1件以上
tile-failures = 失敗または拒否
tile-exports = エクスポートとデータアクセス
tile-signed = 署名済みエントリ
tile-signed-told = 最新のチェックポイント時点
tile-sign-ins = サインイン
tile-failed-sign-ins = サインインの失敗
tile-denied = 拒否
tile-permissions = 権限の変更
tile-settings = 設定の変更
tile-automation = 自動化の変更
tile-agents = AIエージェントによる操作

change-same = 直前の期間と同数
change-from-nothing = 直前の期間は0件
change-more = 直前の期間より{ $percent }%増
change-less = 直前の期間より{ $percent }%減

list-empty = この期間のエントリはありません
list-finding = 最多：{ $value }（{ $count }件）
latest-failed-sign-ins = 最近のサインイン失敗
latest-permissions = 最近の権限変更

heat = 曜日と時間帯の分布
heat-empty = この期間のエントリはありません
heat-cell = { $day }{ $hour }、{ $count ->
   *[other] { $count }件のエントリ
}
heat-cut = 期間内の直近の数週間のみを集計しています。
monday = 月曜日
tuesday = 火曜日
wednesday = 水曜日
thursday = 木曜日
friday = 金曜日
saturday = 土曜日
sunday = 日曜日

person-told = この期間のエントリ：{ $count }件。全期間で最新のエントリ：{ $when }。
refresh = 1分ごとに更新
chart-svg = SVGをダウンロード
chart-csv = CSVをダウンロード
chart-begins = 開始（UTC）
chart-ends = 終了（UTC）
chart-day = 曜日
chart-hour = 時
