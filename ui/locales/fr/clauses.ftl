# L’objet de chaque clause d’une norme, avec nos mots et non ceux de la norme.

## SOC 2

clause-soc-cc4-1 = Vérifier que les contrôles fonctionnent
clause-soc-cc6-1 = Qui a accès, et comment l’accès est protégé
clause-soc-cc6-2 = Comptes créés et retirés
clause-soc-cc6-3 = Droits accordés selon le rôle
clause-soc-cc6-6 = Tenir les intrus à l’écart
clause-soc-cc6-7 = Maîtrise des données sortantes
clause-soc-cc6-8 = Ni logiciel ni paramètre indésirable
clause-soc-cc7-1 = Repérer les modifications qui ouvrent une faille
clause-soc-cc7-2 = Surveiller l’inhabituel
clause-soc-cc7-3 = Évaluer ce qui a été repéré
clause-soc-cc7-4 = Répondre aux incidents
clause-soc-cc7-5 = Se rétablir après un incident
clause-soc-cc8-1 = Modifications approuvées et traçables
clause-soc-a1-2 = Sauvegardes restaurables
clause-soc-c1-1 = Données confidentielles connues et conservées
clause-soc-c1-2 = Données confidentielles éliminées
clause-soc-p4-2 = Données personnelles gardées le temps nécessaire
clause-soc-p6-1 = Transmission de données personnelles

## ISO/IEC 27001:2022, annex A

clause-iso-a-5-16 = Identités, du premier au dernier jour
clause-iso-a-5-18 = Droits accordés, revus et retirés
clause-iso-a-5-28 = Preuves recueillies de façon probante
clause-iso-a-5-33 = Enregistrements à l’abri des pertes et falsifications
clause-iso-a-5-34 = Données personnelles protégées
clause-iso-a-8-2 = Droits étendus limités
clause-iso-a-8-5 = Connexion sûre
clause-iso-a-8-9 = Paramètres maîtrisés
clause-iso-a-8-10 = Données supprimées dès qu’elles sont inutiles
clause-iso-a-8-13 = Sauvegardes conservées et testées
clause-iso-a-8-15 = Journaux tenus, protégés et exploités
clause-iso-a-8-16 = Surveiller l’inhabituel
clause-iso-a-8-17 = Horloges à l’heure

## PCI DSS 4.0.1, requirement 10

clause-pci-10-2-1-1 = Journalisé : accès aux données de carte
clause-pci-10-2-1-2 = Journalisé : actions des administrateurs
clause-pci-10-2-1-3 = Journalisé : accès aux journaux
clause-pci-10-2-1-4 = Journalisé : tentatives refusées
clause-pci-10-2-1-5 = Journalisé : modifications de comptes et d’identifiants
clause-pci-10-2-1-6 = Journalisé : démarrage, arrêt et pause de la journalisation
clause-pci-10-2-1-7 = Journalisé : objets système créés ou supprimés
clause-pci-10-3-1 = Journaux lus par ceux qui en ont besoin
clause-pci-10-3-2 = Personne ne peut modifier les journaux
clause-pci-10-3-3 = Journaux vite copiés ailleurs
clause-pci-10-3-4 = Un journal modifié est repéré
clause-pci-10-4-1 = Journaux examinés chaque jour
clause-pci-10-4-3 = Anomalies traitées
clause-pci-10-5-1 = Un an de journaux, les trois derniers mois à portée
clause-pci-10-6-1 = Horloges à l’heure
clause-pci-10-7-2 = Protections défaillantes repérées et traitées

## HIPAA, 45 CFR

clause-hipaa-164-308-a-1-ii-d = Activité examinée régulièrement
clause-hipaa-164-308-a-3 = Accès réservé au personnel concerné
clause-hipaa-164-308-a-5-ii-c = Connexions surveillées
clause-hipaa-164-312-a = Accès aux seules personnes autorisées
clause-hipaa-164-312-b = Activité enregistrée et examinée
clause-hipaa-164-312-c-1 = Données ni altérées ni détruites à tort
clause-hipaa-164-312-d = Preuve de l’identité
clause-hipaa-164-316-b-2-i = Documents conservés six ans

## GDPR

clause-gdpr-5-1-e = Pas de conservation au-delà du nécessaire
clause-gdpr-5-1-f = À l’abri des abus et des pertes
clause-gdpr-5-2 = Pouvoir le démontrer
clause-gdpr-15 = Accès de la personne à ses données
clause-gdpr-17 = Effacement sur demande
clause-gdpr-18 = Mise en réserve sur demande
clause-gdpr-25 = Protection prévue dès le départ
clause-gdpr-30 = Registre de ce qui est fait des données
clause-gdpr-32 = Sécurité à la mesure du risque
clause-gdpr-33-34 = Violations signalées à temps
