# Dashboards: the log in numbers.

board-overview = Vue d’ensemble
board-access = Accès
board-changes = Modifications
board-people = Coéquipiers
open-in-log = Ouvrir dans le journal
latest = Dernières entrées

tile-entries = Entrées
tile-people = Coéquipiers actifs
tile-people-told = avec au moins une entrée
tile-failures = Échecs ou refus
tile-exports = Exports et accès aux données
tile-signed = Entrées signées
tile-signed-told = par le dernier point de contrôle
tile-sign-ins = Connexions
tile-failed-sign-ins = Échecs de connexion
tile-denied = Refus
tile-permissions = Autorisations modifiées
tile-settings = Paramètres modifiés
tile-automation = Automatisations modifiées
tile-agents = Par des agents IA

change-same = autant que sur la période précédente
change-from-nothing = rien sur la période précédente
change-more = { $percent } % de plus que sur la période précédente
change-less = { $percent } % de moins que sur la période précédente

list-empty = Aucune entrée sur cette période
list-finding = En tête : { $value } ({ $count })
latest-failed-sign-ins = Derniers échecs de connexion
latest-permissions = Dernières modifications d’autorisations

heat = Répartition dans la semaine
heat-empty = Aucune entrée sur cette période
heat-cell = { $day }, { $hour } : { $count ->
    [one] { $count } entrée
   *[other] { $count } entrées
}
heat-cut = Seules les dernières semaines de la période sont comptées ici.
monday = Lundi
tuesday = Mardi
wednesday = Mercredi
thursday = Jeudi
friday = Vendredi
saturday = Samedi
sunday = Dimanche

person-told = Entrées sur cette période : { $count }. Dernière entrée, toutes périodes confondues : { $when }.
refresh = Actualiser chaque minute
chart-svg = Télécharger en SVG
chart-csv = Télécharger en CSV
chart-begins = Du (UTC)
chart-ends = Au (UTC)
chart-day = Jour
chart-hour = Heure
