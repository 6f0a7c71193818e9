# The door: first run, signing in, the second factor, invitations.

sign-in = Se connecter
email = Adresse e-mail
password = Mot de passe
password-hint = Au moins 12 caractères. Quelques mots sans rapport entre eux sont faciles à retenir et difficiles à deviner.
password-short = Saisissez au moins { $chars } caractères.
password-long = C’est trop long pour un mot de passe.
password-guessable = Ce mot de passe se devine à partir de votre nom ou de votre adresse, ou contient des répétitions. Choisissez-en un autre.
password-known = Ce mot de passe figure dans une liste de mots de passe divulgués. Choisissez-en un autre.
your-name = Votre nom
time-zone = Fuseau horaire
sign-in-with = Se connecter avec { $provider }
sign-in-wrong = L’adresse e-mail ou le mot de passe est incorrect.
sign-in-wait = Trop de tentatives. Réessayez dans { $seconds } s.
sign-in-wait-minutes = Trop de tentatives. Réessayez dans { $minutes } min.
sign-in-sso-failed = La connexion avec votre fournisseur d’identité a échoué. Réessayez ou adressez-vous à votre administrateur.
sign-in-lost = Mot de passe ou second facteur perdu ? La personne qui gère le serveur peut rétablir votre accès.

code = Seconde étape
code-told = Saisissez le code qu’affiche actuellement votre application d’authentification.
code-label = Code
code-wrong = Ce code est incorrect ou a déjà été utilisé.
code-recovery = Sans votre application d’authentification, saisissez l’un de vos codes de récupération.
code-other = Se connecter avec un autre compte

second-factor = Authentification à deux facteurs
second-factor-told = Un mot de passe peut être volé à distance, pas votre téléphone. Désormais, il faudra les deux pour vous connecter.
second-factor-scan = Scannez ceci avec une application d’authentification.
second-factor-qr = Code à scanner avec une application d’authentification
second-factor-type = Ou saisissez cette clé secrète :
second-factor-code = Code affiché par l’application
second-factor-on = Activer
second-factor-wrong = Ce code n’est pas le bon. Vérifiez l’heure de votre téléphone et essayez le code suivant.

recovery-codes = Codes de récupération
recovery-codes-told = Chacun de ces codes vous permet de vous connecter une seule fois si vous n’avez plus accès à votre application d’authentification. Ils ne seront plus affichés ensuite : imprimez-les ou rangez-les avec vos mots de passe.
recovery-codes-stored = Je les ai mis en lieu sûr

setup = Bienvenue
setup-told = Personne ne peut encore se connecter à ce serveur. Vous en serez le premier propriétaire.
setup-code = Code de mise en service
setup-code-hint = Le serveur l’a affiché à son démarrage.
setup-code-wrong = Ce n’est pas le code que le serveur a affiché.
setup-workspace = Nom de l’espace de travail
setup-workspace-hint = À qui appartient le journal, par exemple votre entreprise.
setup-begin = Commencer

join = Rejoindre l’espace de travail
join-told = { $name } vous invite à rejoindre « { $workspace } » avec le rôle « { $role } ».
join-known = Vous avez déjà un compte. Acceptez l’invitation et connectez-vous comme d’habitude.
join-accept = Accepter
setup-demo = Charger aussi une démonstration : une année d’activité fictive, dans un espace de travail à part
