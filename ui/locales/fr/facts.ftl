# Ce qui est établi à l’arrivée d’un événement : sur la page d’une entrée, dans Paramètres, Données géographiques, et dans le calendrier.

fact-noted = Constaté à l’arrivée
fact-network = Réseau
fact-behind-proxies = Adresse derrière les proxys
fact-program = Navigateur et système
approximately = ≈ { $place }

noted-country-new = Nouveau pays pour cette personne
noted-address-new = Nouvelle adresse pour cette personne
noted-agent-new = Nouveau navigateur pour cette personne
noted-off-hours = En dehors des heures de travail
noted-hour-rare = Presque jamais active à cette heure
noted-dormant = Première activité depuis { $days } jours
noted-travel = Au moins { $kmh } km/h depuis la dernière connexion
noted-neighbour = La dernière connexion venait d’un pays voisin
noted-impersonation = En agissant au nom de quelqu’un d’autre
noted-widens = Donne plus de droits qu’avant
noted-narrows = Donne moins de droits qu’avant
noted-self = Concerne la personne elle-même
noted-host-new = Premier webhook vers cet hôte
noted-actions = { $count } entrées de cette personne en une heure
noted-more-than-usual = Bien plus souvent aujourd’hui que les autres jours

address-private = adresse privée
address-loopback = cette machine
address-link-local = adresse de lien local
address-cgnat = adresse partagée d’un fournisseur (CGNAT)
address-documentation = adresse de documentation
address-benchmarking = adresse de test
address-multicast = adresse multicast
address-unspecified = aucune adresse
address-reserved = adresse réservée

device-computer = Ordinateur
device-phone = Téléphone
device-tablet = Tablette
device-bot = Robot d’indexation
device-program = Programme

settings-geo = Données géographiques
geo-told = La situation d’une adresse est établie à l’arrivée d’un événement et conservée avec l’entrée. D’autres données ne valent que pour les entrées suivantes.
geo-in-use = Utilisées
geo-what = Connaît
geo-kind-city = Villes
geo-kind-country = Pays
geo-kind-asn = Réseaux (ASN)
geo-source = Source
geo-date = Date
geo-licence = Licence et attribution
geo-table = Table des pays de cette version
geo-table-licence = Données publiques d’IPtoASN (iptoasn.com), par ip-location-db ; Public Domain Dedication and License 1.0. Approximatif : environ 7 adresses sur 100 sont dans un autre pays.
geo-table-idle = Non consultée, car un fichier connaît les pays.
geo-table-off = Aucun pays n’est établi : la table des pays est désactivée et aucun fichier ne connaît les pays.
geo-file-licence = Voir l’éditeur. GeoLite2 (MaxMind) et DB-IP Lite demandent à être cités là où leurs données sont affichées.
geo-uploaded = Téléversé
geo-configured = Indiqué dans le fichier de configuration
geo-problem = Ce qui s’y trouve maintenant est inutilisable : { $why }
geo-upload = Téléverser un fichier
geo-upload-told = Une base MaxMind DB (.mmdb) de villes, de pays ou de réseaux, de { $max } Mo au plus. Elle remplace un fichier téléversé du même genre.
geo-upload-file = Fichier
geo-upload-do = Téléverser
geo-reload = Relire tous les fichiers
geo-remove-of = Supprimer : { $what }
geo-refused = Le fichier n’a pas été pris et rien n’a changé : { $why }
geo-missing = Choisissez un fichier de { $max } Mo au plus.
geo-not-yours = Les fichiers valent pour tout le serveur. Ses administrateurs les changent.
geo-addresses = Adresses de cet espace de travail
trusted-proxies = Proxys de confiance
trusted-proxies-told = Si un événement indique l’une de ces adresses, c’est l’adresse transmise la plus proche n’en faisant pas partie qui compte. Les deux sont conservées.
egress-networks = VPN et autres sorties
egress-networks-told = Une connexion depuis ces réseaux ne dit rien du lieu où se trouve la personne : aucun déplacement n’est établi.

working-days = Jours travaillés
holidays = Jours fériés
holidays-told = Des dates telles que 2026-12-25, une par ligne.
expected-holidays = Saisissez au plus { $max } dates telles que 2026-12-25.
expected-working-days = Choisissez au moins un jour travaillé.
