# What every page says.

-brand = Hindcast
product = { -brand }

skip-to-content = Aller au contenu
nav = Navigation principale
menu = Menu
nav-log = Journal
nav-dashboards = Tableaux de bord
nav-integrity = Intégrité
nav-exports = Exports
nav-settings = Paramètres
nav-help = Aide

workspace-switch = Changer d’espace de travail
workspace-instance = Ce serveur
search-everything = Rechercher partout
language = Langue
language-is = Langue : { $code } ({ $name })
theme = Thème
theme-system = Comme le système
theme-light = Clair
theme-dark = Sombre
account-of = Compte : { $name }
my-preferences = Mes préférences
my-activity = Mon activité
sign-out = Se déconnecter
close = Fermer
copy = Copier
copied = Copié
later = Plus tard
go-on = Continuer
or = ou
with-aside = { $told } ({ $aside })
save = Enregistrer
cancel = Annuler
remove = Supprimer
add = Ajouter
yes = Oui
no = Non
unknown = Inconnu
erased-person = Personne effacée

offline = Connexion perdue – nouvelle tentative en cours.
signed-out = Votre session est terminée. Si vous aviez saisi quelque chose, vous le retrouvez encore sur cette page.

chain-signed = Entrées signées : { $entries }
chain-empty = Rien de signé pour l’instant
chain-broken = Non intègre
notice-diverged = L’historique de ce serveur n’est pas celui qui a été attesté. Rien n’est signé tant que l’exploitant n’intervient pas.
notice-quarantined = Les données stockées de ce journal ne correspondent pas à ce qui a été signé. La consultation reste possible, mais rien n’y sera ajouté avant réparation.
notice-quarantined-more = Voir ce qui a été constaté

narrowed-teams = Vous voyez ce qui concerne vos équipes et vous-même.
narrowed-own = Vous voyez votre propre activité et ce qui est ouvert aux lecteurs.
narrowed-hidden = Masqué pour votre rôle : { $fields }.

role-owner = Propriétaire
role-security-admin = Admin sécurité
role-support-ops-manager = Responsable opérations support
role-auditor = Auditeur
role-viewer = Lecteur

field-address = adresses IP et lieux
field-user-agent = agents utilisateurs
field-session = sessions et requêtes
field-email = adresses e-mail
field-values = valeurs des modifications
field-metadata = métadonnées
field-text = motifs et descriptions

time-ahead = dans le futur
time-now = à l’instant
time-minutes = { $n ->
    [one] il y a { $n } minute
   *[other] il y a { $n } minutes
}
time-hours = { $n ->
    [one] il y a { $n } heure
   *[other] il y a { $n } heures
}
time-days = { $n ->
    [one] il y a { $n } jour
   *[other] il y a { $n } jours
}
time-months = { $n ->
    [one] il y a { $n } mois
   *[other] il y a { $n } mois
}
time-years = { $n ->
    [one] il y a { $n } an
   *[other] il y a { $n } ans
}
lasting-seconds = { $n ->
    [one] { $n } seconde
   *[other] { $n } secondes
}
lasting-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
lasting-hours = { $n ->
    [one] { $n } heure
   *[other] { $n } heures
}
lasting-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}

shortcuts = Raccourcis clavier
shortcuts-off = Vous pouvez les désactiver dans vos préférences.
key-search = Rechercher
key-help = Afficher cette aide
key-next = Entrée suivante et précédente
key-open = Ouvrir l’entrée
key-close = Fermer ce qui est ouvert
key-menu = Filtrer selon le contenu de la ligne
key-tail = Activer ou désactiver le suivi en direct
key-facets = Aller aux filtres
key-export = Exporter
key-newest = Revenir aux plus récentes
key-change = Modification suivante et précédente

form-errors = Veuillez vérifier ces champs :
expected-name = Saisissez un nom de 1 à 120 caractères.
expected-text = Saisissez entre 1 et { $max } caractères.
expected-email = Saisissez une adresse e-mail, par exemple ana@example.com.
expected-zone = Indiquez un fuseau horaire, par exemple Europe/Berlin.

refused-sign-in = Veuillez vous connecter
refused-sign-in-told = Votre session a pris fin ou n’est pas encore ouverte. Rien n’est perdu.
refused-no-workspace = Vous n’appartenez à aucun espace de travail
refused-no-workspace-told = L’accès au dernier vous a été retiré. Un propriétaire ou un admin sécurité peut vous inviter de nouveau.
refused-forbidden = Votre rôle ne le permet pas
refused-forbidden-told = L’autorisation { $permission } est nécessaire. Un propriétaire ou un admin sécurité de l’espace de travail peut vous attribuer un rôle qui la comporte.
refused-not-found = Il n’y a rien ici
refused-not-found-told = Cette page n’existe pas ou ne vous est pas accessible.
refused-other-site = Cette requête venait d’un autre site
refused-other-site-told = Par sécurité, rien n’a été fait. Veuillez revenir à la page et réessayer.
refused-ours = Un problème est survenu de notre côté
refused-ours-told = L’erreur vient de nous, pas de vous. Le contenu du journal est intact, et votre demande n’a pas été exécutée. Veuillez réessayer ; si le problème se reproduit, communiquez le numéro ci-dessous à votre administrateur.
refused-yours = Cette opération n’a pas pu être effectuée
refused-back = Retour
refused-again = Réessayer
refused-request = Numéro de la requête : { $id }
refused-busy = Trop de demandes en même temps. Veuillez patienter quelques secondes et réessayer.
