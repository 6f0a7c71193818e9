# 人へのメッセージ：メール、Slack、Teamsで伝えるアラートとエントリ。

why-entry = 1件のエントリで一致しました：{ $activity }。
why-entries = { $time }以内に、ルールに一致するエントリが{ $value }件ありました。
why-distinct = { $time }以内に、{ $field }の異なる値が{ $value }個ありました。
why-sum = { $time }以内の{ $field }の合計は{ $value }でした。
why-average = { $time }以内の{ $field }の平均は{ $value }でした。
why-percentile = { $time }以内の{ $field }のパーセンタイルは{ $value }でした。
why-median = { $time }以内の{ $field }の中央値は{ $value }でした。
why-threshold = しきい値は{ $threshold }です。
why-values = 値の例：{ $values }。
why-share = 全体の{ $share }%です。
why-sequence = { $time }以内に次のことが重なりました：{ $parts }。
why-silence = { $time }の間、エントリがありません。この曜日と時間帯では通常{ $usual }です。

message-footer = ワークスペース{ $workspace }の送信先の設定により、hindcastがお送りしています。設定はオーナーとセキュリティ管理者が「設定」の「送信先」で変更できます。
message-more = 他{ $count }件
message-open-entry = エントリを開く
message-open-alert = アラートを開く
message-open-log = アクティビティログを開く
message-when = 日時
message-who = 実行者
message-where = アクセス元
message-outcome = 結果
message-test = hindcastからのテスト
message-test-told = メッセージが届くかどうかの確認です。何も起きておらず、どのログにも記録されません。
message-severity = 重大度
message-critical = 重大
message-high = 高
message-medium = 中
message-low = 低
message-informational = 情報
message-about = 対象
message-first-seen = 最初の検出
message-last-seen = 最後の検出
message-response = 対応手順
message-evidence = 証拠
message-alerts = { $count ->
   *[other] { $workspace }のアラート{ $count }件
}
message-entries = { $count ->
   *[other] { $workspace }のエントリ{ $count }件
}
message-between = { $from }から{ $until }まで。
message-others = その他のアクティビティ
message-first = 最初のもの
