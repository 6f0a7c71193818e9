# イベントの受信時に算出される事実：エントリのページ、設定の地理データ、カレンダー。

fact-noted = 受信時の所見
fact-network = ネットワーク
fact-behind-proxies = プロキシの先のアドレス
fact-program = ブラウザーとシステム
approximately = ≈ { $place }

noted-country-new = この人にとって初めての国
noted-address-new = この人にとって初めてのアドレス
noted-agent-new = この人にとって初めてのブラウザー
noted-off-hours = 営業時間外
noted-hour-rare = この時間帯の活動はほとんどありません
noted-dormant = { $days }日ぶりの活動
noted-travel = 前回のサインインから時速{ $kmh } km以上
noted-neighbour = 前回のサインインは隣国から
noted-impersonation = 他の人になり代わっている間
noted-widens = 権限が以前より増えます
noted-narrows = 権限が以前より減ります
noted-self = 本人に関するもの
noted-host-new = このホストへの初めてのWebhook
noted-actions = この人のエントリが1時間に{ $count }件
noted-more-than-usual = 今日はほかの日よりはるかに多い

address-private = プライベートアドレス
address-loopback = このマシン
address-link-local = リンクローカルアドレス
address-cgnat = プロバイダーの共有アドレス（CGNAT）
address-documentation = 文書用アドレス
address-benchmarking = テスト用アドレス
address-multicast = マルチキャストアドレス
address-unspecified = アドレスなし
address-reserved = 予約済みアドレス

device-computer = コンピューター
device-phone = スマートフォン
device-tablet = タブレット
device-bot = クローラー
device-program = プログラム

settings-geo = 地理データ
geo-told = アドレスの場所はイベントの受信時に調べられ、エントリとともに保存されます。データを変更しても、以後のエントリにのみ反映されます。
geo-in-use = 使用中
geo-what = 内容
geo-kind-city = 都市
geo-kind-country = 国
geo-kind-asn = ネットワーク（ASN）
geo-source = 提供元
geo-date = データの日付
geo-licence = ライセンスと出典表示
geo-table = このバージョンの国テーブル
geo-table-licence = IPtoASN（iptoasn.com）の公開データ、ip-location-db経由、Public Domain Dedication and License 1.0。おおよその値です：100件中約7件のアドレスは別の国にあります。
geo-table-idle = 国を含むファイルがあるため、参照されません。
geo-table-off = 国は調べられません：国テーブルは無効で、国を含むファイルもありません。
geo-file-licence = 発行元をご確認ください。GeoLite2（MaxMind）とDB-IP Liteは、データを表示する場所での出典表示を求めています。
geo-uploaded = アップロード済み
geo-configured = 設定ファイルで指定
geo-problem = 現在そこにあるファイルは使用できません：{ $why }
geo-upload = ファイルのアップロード
geo-upload-told = 都市、国またはネットワークのMaxMind DB（.mmdb）、最大{ $max } MB。同じ種類のアップロード済みファイルと置き換わります。
geo-upload-file = ファイル
geo-upload-do = アップロード
geo-reload = すべてのファイルを読み直す
geo-remove-of = { $what }を削除
geo-refused = ファイルは取り込まれず、何も変更されていません：{ $why }
geo-missing = { $max } MB以下のファイルを選択してください。
geo-not-yours = ファイルはサーバー全体のものです。変更はサーバーの管理者が行います。
geo-addresses = このワークスペースのアドレス
trusted-proxies = 信頼するプロキシ
trusted-proxies-told = イベントのアドレスがこのいずれかの場合、転送元のうちこれらに含まれない最も近いアドレスが使われます。両方とも保存されます。
egress-networks = VPNなどの出口
egress-networks-told = ここからのサインインでは居場所がわからないため、移動は算出されません。

working-days = 営業日
holidays = 休日
holidays-told = 2026-12-25のような日付を1行に1つ入力します。
expected-holidays = 2026-12-25のような日付を{ $max }件以内で入力してください。
expected-working-days = 営業日を1日以上選択してください。
