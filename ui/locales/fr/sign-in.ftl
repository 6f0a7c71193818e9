# The door: first run, signing in, the second factor, invitations.

sign-in = Se connecter
email = Adresse e-mail
password = Mot de passe
password-hint = Au moins 12 caractères. Quelques mots sans rapport entre eux sont faciles à retenir et difficiles à deviner.
password-short = Saisissez au moins { $chars } caractères.
password-long = C’est trop long pour un mot de passe.
password-guessable = Ce mot de passe est facile à deviner : il se réduit presque à votre nom ou à votre adresse e-mail, ou contient trop de répétitions. Choisissez-en un autre.
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
join-accept = Accepter
setup-demo = Charger aussi une démonstration : une année d’activité fictive, dans un espace de travail à part
join-known = Un compte existe déjà avec cette adresse. Connectez-vous à ce compte pour accepter.
join-own = Vous êtes connecté avec cette adresse.
member-already = Une personne ayant cette adresse est déjà membre.
sign-in-sso-known = Un compte existe déjà avec cette adresse. Connectez-vous avec son mot de passe, puis associez-le à votre fournisseur dans Mes préférences.
provider-connect = Associer à { $provider }
provider-connected = Votre compte est associé à { $provider }.
provider-connect-told = Vous pourrez ensuite vous connecter avec { $provider } au lieu de votre mot de passe.
provider-secret-again = L’émetteur a changé. Saisissez à nouveau le secret du client.
member-elsewhere = Ce compte fait aussi partie d’autres espaces de travail. Seule une personne qui le gère dans tous peut fermer ses sessions, réinitialiser son second facteur ou le suspendre.
refused-workspace = Cette page appartient à un autre espace de travail
refused-workspace-told = Vous avez changé d’espace de travail entre-temps, peut-être dans un autre onglet. Rien n’a été modifié. Revenez à l’espace précédent et réessayez.
second-factor-password = Votre mot de passe, car votre connexion date un peu
