# Documents sur papier.

paper-log = Journal de { $workspace }
paper-query = Requête
paper-everything = tout
paper-made = Créé le
paper-reader = Créé pour
paper-hash = SHA-256 de toutes les entrées en NDJSON
paper-cut = Les { $shown } entrées les plus récentes sur { $count } figurent ici une à une. Toutes se trouvent dans l’export NDJSON de la même requête, dont le SHA-256 est indiqué ci-dessus.
paper-narrowed = La personne qui a fait créer ce document ne voit pas tout dans ce journal, et ce document n’en montre pas davantage.
paper-checkpoint = Point de contrôle signé
paper-anchor = La racine et la taille ont été signées par le serveur. Qui conserve cette page peut prouver plus tard que rien n’a été modifié ni supprimé jusqu’à cette taille.
paper-summary = Les plus fréquents
paper-time = Heure (UTC)
paper-index = Index
paper-page = Page { $page } sur { $pages }
paper-proof-none = Ce journal n’a pas encore de point de contrôle signé.
paper-proof-log = Journal
paper-proof-size = Entrées couvertes
paper-proof-root = Racine
paper-proof-key = ID de la clé
paper-proof-verified = Dernière vérification complète
paper-proof-never = pas encore
paper-proof-broken = Ce qui a été lu en dernier de ce journal n’est pas ce qui a été signé. Tout ce qui figure ici est à comparer à une sauvegarde.
