# The door: first run, signing in, the second factor, invitations.

sign-in = Anmelden
email = E-Mail-Adresse
password = Passwort
password-hint = Mindestens 12 Zeichen. Ein paar Wörter, die nicht zusammengehören, sind leicht zu merken und schwer zu erraten.
password-short = Geben Sie mindestens { $chars } Zeichen ein.
password-long = Das ist zu lang für ein Passwort.
password-guessable = Dieses Passwort ist leicht zu erraten: Es besteht fast nur aus Ihrem Namen oder Ihrer E-Mail-Adresse oder wiederholt sich. Wählen Sie ein anderes.
password-known = Dieses Passwort steht auf einer Liste kompromittierter Passwörter. Wählen Sie ein anderes.
your-name = Ihr Name
time-zone = Zeitzone
sign-in-with = Mit { $provider } anmelden
sign-in-wrong = Die E-Mail-Adresse oder das Passwort ist falsch.
sign-in-wait = Zu viele Versuche. Versuchen Sie es in { $seconds } s erneut.
sign-in-wait-minutes = Zu viele Versuche. Versuchen Sie es in { $minutes } min erneut.
sign-in-sso-failed = Die Anmeldung über Ihren Anbieter hat nicht funktioniert. Versuchen Sie es erneut oder wenden Sie sich an Ihren Administrator.
sign-in-lost = Passwort oder zweiten Faktor verloren? Wer den Server betreibt, kann Ihnen wieder Zugang verschaffen.

code = Zweiter Schritt
code-told = Geben Sie den Code ein, den Ihre Authenticator-App gerade anzeigt.
code-label = Code
code-wrong = Dieser Code ist falsch oder wurde bereits verwendet.
code-recovery = Ohne Authenticator-App geben Sie einen Ihrer Wiederherstellungscodes ein.
code-other = Als jemand anderes anmelden

second-factor = Zwei-Faktor-Authentifizierung
second-factor-told = Ein Passwort lässt sich aus der Ferne stehlen, Ihr Telefon nicht. Ab jetzt brauchen Sie beides, um sich anzumelden.
second-factor-scan = Scannen Sie diesen Code mit einer Authenticator-App.
second-factor-qr = Code zum Scannen mit einer Authenticator-App
second-factor-type = Oder geben Sie diesen Schlüssel ein:
second-factor-code = Jetzt angezeigter Code
second-factor-on = Aktivieren
second-factor-wrong = Das ist nicht der erwartete Code. Prüfen Sie die Uhrzeit Ihres Telefons und versuchen Sie es mit dem nächsten Code.

recovery-codes = Wiederherstellungscodes
recovery-codes-told = Jeder dieser Codes gewährt Ihnen einmal Zugang, wenn Ihre Authenticator-App nicht mehr verfügbar ist. Die Codes werden nur jetzt angezeigt: Drucken Sie sie aus oder bewahren Sie sie bei Ihren Passwörtern auf.
recovery-codes-stored = Ich habe sie gesichert

setup = Willkommen
setup-told = Auf diesem Server kann sich noch niemand anmelden. Sie werden der erste Inhaber.
setup-code = Einrichtungscode
setup-code-hint = Der Server hat ihn beim Start ausgegeben.
setup-code-wrong = Das ist nicht der Code, den der Server ausgegeben hat.
setup-workspace = Name des Workspace
setup-workspace-hint = Wem das Protokoll gehört, z. B. Ihrem Unternehmen.
setup-begin = Loslegen

join = Beitreten
join-told = { $name } lädt Sie in den Workspace „{ $workspace }“ ein. Ihre Rolle: { $role }.
join-accept = Annehmen
setup-demo = Zusätzlich eine Demo laden: ein erfundenes Jahr in einem eigenen Workspace
join-known = Es gibt bereits ein Konto mit dieser Adresse. Melden Sie sich dort an, um die Einladung anzunehmen.
join-own = Sie sind mit dieser Adresse angemeldet.
member-already = Eine Person mit dieser Adresse ist bereits Mitglied.
sign-in-sso-known = Es gibt bereits ein Konto mit dieser Adresse. Melden Sie sich mit dessen Passwort an; verbinden Sie es dann unter „Meine Einstellungen“ mit Ihrem Anbieter.
provider-connect = Mit { $provider } verbinden
provider-connected = Das Konto ist mit { $provider } verbunden.
provider-connect-told = Danach können Sie sich mit { $provider } statt mit Ihrem Passwort anmelden.
provider-secret-again = Der Aussteller hat sich geändert. Geben Sie das Client-Secret erneut ein.
member-elsewhere = Dieses Konto gehört auch zu anderen Workspaces. Nur wer es in allen verwaltet, kann es überall abmelden, den zweiten Faktor zurücksetzen oder das Konto deaktivieren.
refused-workspace = Diese Seite gehört zu einem anderen Workspace
refused-workspace-told = Sie haben inzwischen den Workspace gewechselt, vielleicht in einem anderen Tab. Es wurde nichts geändert. Wechseln Sie zurück und versuchen Sie es erneut.
second-factor-password = Ihr Passwort, da Ihre Anmeldung eine Weile zurückliegt
