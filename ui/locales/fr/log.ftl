# The log, its rows, its filters, and one entry.

log = Journal d’activité
log-purpose = Qui a fait quoi, quand, d’où, et avec quel résultat.
log-search = Rechercher dans le journal
log-query = Recherche
log-query-example = actor:"Ana" action:macro.* -outcome:success "refund policy"
log-count = { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
}
log-count-range = { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
} · { $range }
entries = Entrées
number = { $n }
search = Rechercher
suggestions = Suggestions
export = Exporter
filters = Filtres
loading = Chargement…
show-everything = Afficher le graphique et les filtres
as-table = Afficher en tableau
columns = Colonnes
columns-show = Afficher
query-meant = Vouliez-vous dire :

range = Période
range-15m = 15 dernières minutes
range-1h = Dernière heure
range-24h = 24 dernières heures
range-7d = 7 derniers jours
range-30d = 30 derniers jours
range-90d = 90 derniers jours
range-month = Ce mois-ci
range-last-month = Mois calendaire précédent
range-all = Depuis le début
range-custom = Période personnalisée
range-from = Du
range-to = Au
range-apply = Afficher cette période

views = Vues enregistrées
view-sign-in-failures = Échecs de connexion
view-permissions = Autorisations modifiées
view-exports = Exports et accès aux données
view-settings = Paramètres modifiés
view-tokens = Jetons
view-mine = Mon activité
view-save = Enregistrer la vue
view-name = Nom de la vue
view-shared = Visible pour
view-shared-own = Moi uniquement
view-shared-listed = Tout le monde, chacun selon ses droits
view-shared-opened = Tout le monde, et les lecteurs peuvent voir ces entrées
view-first = Ouvrir le journal sur cette vue
first-view = À l’ouverture du journal, afficher
view-remove = Supprimer la vue « { $name } »

chip = { $key } : { $value }
chip-not = sauf { $key } : { $value }
chip-text = « { $text } »
chip-text-not = sauf « { $text } »
chip-remove = Retirer le filtre { $chip }
chips-clear = Retirer tous les filtres

tail = Suivi en direct
tail-new-pattern = {"{n}"} nouvelles entrées
tail-new-one-pattern = {"{n}"} nouvelle entrée
tail-gap-pattern = {"{n}"} entrées n’ont pas été affichées. Rechargez la page pour les voir.
tail-gap-one-pattern = {"{n}"} entrée n’a pas été affichée. Rechargez la page pour la voir.
tail-rate-pattern = {"{n}"} par minute
tail-paused = En pause – connexion perdue
tail-stopped = Arrêté
tail-continue = Reprendre

histogram-finding = Pic d’activité : { $when }, { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
}
histogram-empty = Aucune entrée sur cette période
histogram-bar = { $when } : { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
}

outcome-success = Réussite
outcome-failure = Échec
outcome-denied = Refus
outcome-unknown = Inconnu

column-outcome = Résultat
column-time = Date
column-who = Coéquipier
column-activity = Activité
column-target = Cible
column-ip = Adresse IP
column-location = Lieu
column-source = Source

facet-category = Catégorie
facet-action = Activité
facet-actor = Coéquipier
facet-role = Rôle
facet-actor-type = Type d’acteur
facet-outcome = Résultat
facet-source = Source
facet-country = Pays
facet-target = Type de cible
facet-ip = Adresse IP
facet-more = { $n } de plus…

category-authentication = Authentification
category-conversations = Conversations
category-settings = Paramètres
category-agents-roles = Coéquipiers et rôles
category-labels-topics = Libellés et sujets
category-automation-macros = Automatisation et macros
category-ai-agents = Agents IA
category-content = Contenu
category-data-exports = Données et exports
category-billing = Facturation
category-integrations = Intégrations
category-system = Système
category-other = Autre

actor-user = Personne
actor-agent = Agent IA
actor-automation = Automatisation
actor-api-key = Clé API
actor-app = Application
actor-system = Système
actor-anonymous = Non connecté

source-ui = Navigateur
source-api = API
source-cli = Ligne de commande
source-import = Import

table-caption = Entrées, de la plus récente à la plus ancienne
row-menu = Filtrer selon cette ligne
filter-for = Uniquement { $value }
filter-out = Sauf { $value }
filter-similar = Entrées de la même activité
grouped = ×{ $n }
group-on = Regrouper les répétitions
group-off = Afficher chaque entrée
on-behalf-of = pour { $name }
forged = nom suspect
forged-told = Ce nom mélange plusieurs écritures, ce qui peut le faire passer pour un autre.
received-later = reçue { $duration } plus tard
all-late = Ces entrées ont été reçues longtemps après les faits, par exemple lors d’un import. Ouvrez-en une pour voir les deux dates.
older = Entrées plus anciennes
older-more = Charger 50 entrées de plus
back-to-newest = Revenir aux plus récentes

empty-never = Il ne s’est encore rien passé
empty-never-told = Dès que des événements arriveront, vous verrez ici qui a fait quoi, quand, d’où, et ce qui a changé. Créez un jeton et envoyez le premier événement :
empty-never-act = Créer un jeton
empty-filtered = Aucune entrée ne correspond
empty-nearest = Entrée la plus proche : { $when }.
empty-show-all = Afficher depuis le début
empty-widen = Élargir à 30 jours
empty-nowhere = Rien ne correspond, quelle que soit la période.

tab-summary = Résumé
tab-changes = Modifications ({ $n })
tab-context = Contexte
tab-integrity = Intégrité
tab-raw = Données brutes
entry-parts = Sections de l’entrée
entry-newer = Plus récente
entry-older = Plus ancienne
entry-erased = { $count ->
    [one] { $count } champ de cette entrée a été effacé. Ce qui reste peut toujours être vérifié.
   *[other] { $count } champs de cette entrée ont été effacés. Ce qui reste peut toujours être vérifié.
}
entry-erased-notices = Avis d’effacement

fact-who = Qui
fact-on-behalf-of = Au nom de
fact-activity = Activité
fact-category = Catégorie
fact-outcome-reason = Cause du résultat
fact-targets = Cible
fact-reason = Motif indiqué
fact-description = Description
fact-occurred = Survenue le
fact-received = Reçue le
fact-source = Source
fact-ip = Adresse IP
fact-location = Lieu
fact-session = Session
fact-request = Requête
fact-user-agent = Agent utilisateur
fact-policy = Politique
fact-metadata = Métadonnées
fact-id = ID

changes-none = Cette entrée n’enregistre aucune valeur avant/après.
changes-caption = Ce qui a changé
change-field = Champ
change-before = Avant
change-after = Après
change-added = ＋ ajouté
change-removed = － supprimé
change-changed = ～ modifié
change-masked = •••• (secret, non conservé)
copy-patch = Copier au format JSON Patch

around-actor = Du même acteur
around-target = Sur la même cible
around-session = Dans la même session

check-leaf = L’entrée stockée a bien l’empreinte enregistrée lors de son écriture.
check-leaf-bad = L’entrée stockée n’a pas l’empreinte enregistrée : elle a été altérée.
check-signature = Le dernier point de contrôle est signé avec la clé de ce journal.
check-signature-bad = Le dernier point de contrôle n’est pas signé avec la clé de ce journal.
check-path = { $steps ->
    [one] { $steps } empreinte mène
   *[other] { $steps } empreintes mènent
} de l’entrée à la racine signée (entrées couvertes : { $size }).
check-path-bad = Les empreintes ne mènent pas de l’entrée à la racine signée.
check-unsigned = Aucun point de contrôle ne couvre encore cette entrée. Cela prend un instant : réessayez.
check-good = Intègre : cette entrée fait partie du journal signé, telle qu’elle a été écrite.
check-bad = Preuve non établie. Consultez les étapes ci-dessous.
verify-now = Vérifier maintenant
proof-json = Preuve (JSON)
proof-file = Fichier de preuve
proof-index = Position dans le journal
proof-leaf = Empreinte de feuille
proof-size = Taille de l’arbre
proof-root = Racine
proof-path = Chemin
proof-path-none = Aucune empreinte
proof-path-count = { $n ->
    [one] { $n } empreinte
   *[other] { $n } empreintes
}
proof-note = Point de contrôle signé
proof-offline = Vérifiez vous-même, sans ce serveur
proof-offline-told = Si ce serveur était compromis, ce qu’affiche cette page pourrait être faux. Téléchargez le fichier de preuve et vérifiez-le sur une autre machine, avec une clé que vous y conservez :

values-find = Rechercher une valeur
values-none = Aucune valeur ne correspond.
panel-wide = Élargir le panneau
panel-narrow = Rétrécir le panneau
mistake-key = Ce champ de recherche n’existe pas.
mistake-value = Le champ { $key } n’accepte pas cette valeur. Valeurs possibles : { $values }.
mistake-time = Le champ { $key } n’accepte pas cette valeur. Indiquez un jour ou un moment, comme 2026-11-21 ou 2026-11-21T19:40:00Z, today, yesterday, -7d ou -24h, l’un d’eux après >=, >, < ou <=, ou bien A..B, du plus ancien au plus récent.
mistake-network = Ce n’est ni une adresse ni un réseau, comme 203.0.113.9, 203.0.113.0/24 ou 2001:db8::/32.
mistake-country = Ce n’est pas un pays. Indiquez son code à deux lettres, comme JP.
mistake-path = Ce n’est pas le chemin d’un champ modifié. Écrivez /conditions/0/value ou conditions.0.value.
mistake-empty = Le champ { $key } n’a pas de valeur. Écrivez-la juste après les deux-points.
mistake-word = Il n’y a aucun mot à rechercher ici.
mistake-quote = Un guillemet manque ou se trouve au mauvais endroit. Mettez toute la valeur entre guillemets.
mistake-star = Le champ { $key } n’accepte que des valeurs entières, sans *.
mistake-star-place = Un * ne peut figurer qu’à la fin.
mistake-star-word = Le texte se recherche par mots entiers, sans *.
mistake-id = Cela ressemble à un identifiant, et les identifiants ne se trouvent pas comme du texte. Utilisez id: ou request:.
mistake-long = La recherche est trop longue. Elle peut contenir { $count } caractères.
mistake-terms = La recherche comporte trop de conditions. Le maximum est de { $count }.
