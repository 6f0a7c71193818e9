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
