# 紙の文書。

paper-log = { $workspace }のログ
paper-query = クエリ
paper-everything = すべて
paper-made = 作成日時
paper-reader = 作成依頼者
paper-hash = 全エントリ（NDJSON）のSHA-256
paper-cut = 全{ $count }件のうち、新しい{ $shown }件を1件ずつ載せています。全件は同じクエリのNDJSONエクスポートに含まれ、そのSHA-256は上に示したとおりです。
paper-narrowed = この文書の作成者はログのすべてを見られるわけではなく、この文書にもその範囲だけが載っています。
paper-checkpoint = 署名済みチェックポイント
paper-anchor = ルートとサイズはサーバーが署名したものです。このページを保管しておけば、このサイズまでの内容が変更も削除もされていないことを後から証明できます。
paper-summary = 多いもの
paper-time = 日時（UTC）
paper-index = インデックス
paper-page = { $page } / { $pages }ページ
paper-proof-none = このログにはまだ署名済みチェックポイントがありません。
paper-proof-log = ログ
paper-proof-size = 対象のエントリ数
paper-proof-root = ルート
paper-proof-key = キーID
paper-proof-verified = 最後に全体を検証した日時
paper-proof-never = 未検証
paper-proof-broken = このログから最後に読み取った内容は、署名された内容と一致しません。ここに記載された内容はバックアップと照合してください。
