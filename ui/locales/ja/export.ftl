# Taking entries out.

exports-purpose = 自分のエクスポート（保存期間：{ $days ->
   *[other] { $days }日間
}）
exports-none = エクスポートはまだありません
exports-none-told = 大きなエクスポートはここに書き出され、準備ができるとダウンロードできます。ログで必要なフィルターを設定してから、エクスポートを開始してください。
export-new = 新規エクスポート
export-everything = { $count ->
   *[other] { $count }件のエントリ
}（期間：{ $range }）
export-query = { $count ->
   *[other] { $count }件のエントリ
}（期間：{ $range }、クエリ：{ $query }）
export-size = サイズは約{ $size }です。
export-at-once = すぐにダウンロードが始まります。
export-as-job = 量が多いため、すぐにはダウンロードできません。ファイルに書き出され、準備ができると「エクスポート」に表示されます。
export-narrowed = 現在のロールで見えない内容は、エクスポートにも含まれません。
export-layout = 形式
export-keep = 先にファイルに書き出す
export-keep-told = 「エクスポート」にSHA-256とともに表示されます。中断したダウンロードは途中から再開できます。
export-utc = 日時はUTCで出力されます。エクスポートしたこともログにエントリとして記録されます。
export-what = 内容
export-state = 状態
export-bytes = サイズ
export-asked-at = リクエスト日時
export-acts = 操作
export-until = { $date }まで
export-queued = 待機中
export-running = 書き出し中
export-ready = 準備完了
export-failed = 失敗
export-cancelled = キャンセル済み
download = ダウンロード

layout-xlsx = Excelブック（XLSX）
layout-xlsx-told = 日時は日付型で、先頭行は固定され絞り込みに使えます。文字列が数式になることはありません。セルに収まらない長い値は2枚目のシートに入ります。
layout-pdf = PDF
layout-pdf-told = 閲覧、印刷、保管用のページです。タグ付きの長期保存形式で、件数と最新の署名済みチェックポイントを含みます。1件ずつ載るのは新しいエントリのみで、全件をNDJSONにしたときのSHA-256を印字します。
layout-csv-excel = Excel用CSV
layout-csv-excel-told = 表計算ソフトで開けます。値が数式として扱われることはありません。
layout-csv = CSV（未加工）
layout-csv-told = プログラム向け。すべての値が記録されたままの形で出力されます。
layout-json = JSON
layout-json-told = エントリの一覧を1つにまとめた形式。記録されたすべての内容を含みます。
layout-ndjson = NDJSON
layout-ndjson-told = 1行に1エントリ。大量のデータ向け。
layout-parquet = Parquet
layout-parquet-told = DuckDBやSparkなどのエンジン向けの列形式。
layout-bundle = 証拠バンドル（完全な範囲）
layout-bundle-told = 監査人向けです。見つかった最初のエントリから最後のエントリまで、すべてが揃っており、欠けているものがないことを証明できます。クエリで見つからなかったものは伏せられ、位置と時刻だけが示されます。サーバーがなくても誰でも検証できます。
layout-bundle-found = 証拠バンドル（見つかったものだけ）
layout-bundle-found-told = 見つかったエントリを、それぞれの証明とともに収めます。ほかにないことは示されません。
export-manifest = マニフェスト
export-manifest-download = マニフェストをダウンロード（JSON）
export-indexes = ログ内の最初と最後の位置
export-times = 最初と最後の時刻

export-outdated = このファイルの書き出し後に閲覧できる範囲が変わったため、ダウンロードできなくなりました。もう一度エクスポートしてください。
export-enough = すでに{ $count }件のエクスポートが待機中です。いずれかの完了を待つか、キャンセルしてから開始してください。
export-enough-of-workspace = このワークスペースではすでに{ $count }件のエクスポートが待機中です。数分後にもう一度お試しください。
export-full = エクスポートのファイルを保存する空きがありません。不要になったエクスポートを削除するか、古いものの保存期間が過ぎてからもう一度お試しください。
export-too-many = { $count }件は、Excelブックに収まる上限の{ $most }件を超えています。条件を絞り込むか、CSV、NDJSON、Parquet のいずれかを選んでください。
export-problem = ファイルを書き出せませんでした。もう一度お試しください。繰り返し失敗する場合は、発生した日時を管理者にお伝えください。
export-problem-space = このサイズのファイルを保存する空きがありませんでした。エクスポートの対象を絞り込むか、不要になったエクスポートを削除してください。
export-problem-time = 時間がかかりすぎました。エクスポートの対象を絞り込んでください。
