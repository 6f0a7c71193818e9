# The door: first run, signing in, the second factor, invitations.

sign-in = サインイン
email = メールアドレス
password = パスワード
password-hint = 12文字以上。互いに関係のない単語をいくつか並べると、覚えやすく推測されにくくなります。
password-short = { $chars }文字以上で入力してください。
password-long = パスワードが長すぎます。
password-guessable = 推測されやすいパスワードです。名前やメールアドレスとほぼ同じか、同じ文字の繰り返しが多く含まれています。別のパスワードにしてください。
password-known = このパスワードは流出したパスワードの一覧に含まれています。別のパスワードにしてください。
your-name = 名前
time-zone = タイムゾーン
sign-in-with = { $provider }でサインイン
sign-in-wrong = メールアドレスまたはパスワードが正しくありません。
sign-in-wait = 試行回数が多すぎます。{ $seconds }秒後にもう一度お試しください。
sign-in-wait-minutes = 試行回数が多すぎます。{ $minutes }分後にもう一度お試しください。
sign-in-sso-failed = プロバイダーによるサインインに失敗しました。もう一度お試しいただくか、管理者にお問い合わせください。
sign-in-lost = パスワードを忘れた場合や第2要素を失った場合は、サーバーの運用担当者に依頼すると、再びサインインできるようになります。

code = 第2要素の確認
code-told = 認証アプリに現在表示されているコードを入力してください。
code-label = コード
code-wrong = コードが正しくないか、すでに使用されています。
code-recovery = 認証アプリが使えない場合は、リカバリコードを1つ入力してください。
code-other = 別のアカウントでサインイン

second-factor = 2要素認証
second-factor-told = パスワードは離れた場所からでも盗めますが、スマートフォンはそうはいきません。今後のサインインには両方が必要です。
second-factor-scan = 認証アプリでこのコードをスキャンしてください。
second-factor-qr = 認証アプリでスキャンするコード
second-factor-type = または、このシークレットを入力してください：
second-factor-code = 現在表示されているコード
second-factor-on = 有効化
second-factor-wrong = コードが一致しません。スマートフォンの時刻を確認し、次に表示されるコードをお試しください。

recovery-codes = リカバリコード
recovery-codes-told = 認証アプリを失ったときに、各コードで1回ずつサインインできます。表示されるのは今回だけです。印刷するか、パスワードと同じ場所に保管してください。
recovery-codes-stored = 保管しました

setup = ようこそ
setup-told = このサーバーにサインインできる人はまだいません。ここで作成するアカウントが最初のオーナーになります。
setup-code = セットアップコード
setup-code-hint = サーバーの起動時に表示されたコードです。
setup-code-wrong = サーバーが表示したコードと一致しません。
setup-workspace = ワークスペース名
setup-workspace-hint = どの組織のログかを示す名前（会社名など）です。
setup-begin = 開始

join = 参加
join-told = { $name }さんから{ $workspace }に招待されています（ロール：{ $role }）。
join-accept = 承諾
setup-demo = デモも読み込む（架空の1年分のデータを専用のワークスペースに作成）
join-known = このアドレスのアカウントがすでにあります。承諾するには、そのアカウントでサインインしてください。
join-own = このアドレスでサインインしています。
member-already = このアドレスの人はすでにメンバーです。
sign-in-sso-known = このアドレスのアカウントがすでにあります。そのパスワードでサインインしてから、「個人設定」でプロバイダーと連携してください。
provider-connect = { $provider }と連携
provider-connected = { $provider }と連携しています。
provider-connect-told = 連携すると、パスワードの代わりに{ $provider }でサインインできます。
provider-secret-again = 発行者が変わりました。クライアントシークレットをもう一度入力してください。
member-elsewhere = このアカウントは他のワークスペースにも所属しています。サインアウト、第2要素のリセット、停止ができるのは、すべてのワークスペースでこのアカウントを管理している人だけです。
refused-workspace = このページは別のワークスペースのものです
refused-workspace-told = 別のタブなどでワークスペースが切り替えられました。何も変更されていません。元のワークスペースに戻ってやり直してください。
second-factor-password = パスワード（サインインから時間がたっているため）
