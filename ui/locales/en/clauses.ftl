# What each clause of a standard is about, in our own words and not in those of the standard.

## SOC 2

clause-soc-cc4-1 = Checking that controls work
clause-soc-cc6-1 = Who gets in, and how that is protected
clause-soc-cc6-2 = Accounts created and withdrawn
clause-soc-cc6-3 = Rights that follow the role
clause-soc-cc6-6 = Keeping outsiders out
clause-soc-cc6-7 = Control over data that leaves
clause-soc-cc6-8 = No unwanted software or settings
clause-soc-cc7-1 = Noticing changes that open a gap
clause-soc-cc7-2 = Watching for the unusual
clause-soc-cc7-3 = Judging what was noticed
clause-soc-cc7-4 = Answering incidents
clause-soc-cc7-5 = Recovering from incidents
clause-soc-cc8-1 = Changes approved and traceable
clause-soc-a1-2 = Backups that can be restored
clause-soc-c1-1 = Confidential data known and kept
clause-soc-c1-2 = Confidential data disposed of
clause-soc-p4-2 = Personal data kept only as long as needed
clause-soc-p6-1 = Personal data handed to others

## ISO/IEC 27001:2022, annex A

clause-iso-a-5-16 = Identities from first to last day
clause-iso-a-5-18 = Rights given, reviewed and taken back
clause-iso-a-5-28 = Evidence gathered so that it holds
clause-iso-a-5-33 = Records safe from loss and forgery
clause-iso-a-5-34 = Personal data protected
clause-iso-a-8-2 = Powerful rights kept scarce
clause-iso-a-8-5 = Signing in is secure
clause-iso-a-8-9 = Settings under control
clause-iso-a-8-10 = Data deleted when no longer needed
clause-iso-a-8-13 = Backups kept and tried out
clause-iso-a-8-15 = Logs kept, protected and read
clause-iso-a-8-16 = Watching for the unusual
clause-iso-a-8-17 = Clocks in step

## PCI DSS 4.0.1, requirement 10

clause-pci-10-2-1-1 = Logged: access to cardholder data
clause-pci-10-2-1-2 = Logged: what admins do
clause-pci-10-2-1-3 = Logged: access to logs
clause-pci-10-2-1-4 = Logged: attempts that were refused
clause-pci-10-2-1-5 = Logged: changes to accounts and credentials
clause-pci-10-2-1-6 = Logged: logging started, stopped or paused
clause-pci-10-2-1-7 = Logged: system objects created and deleted
clause-pci-10-3-1 = Only who needs to reads logs
clause-pci-10-3-2 = Nobody can change logs
clause-pci-10-3-3 = Logs soon copied elsewhere
clause-pci-10-3-4 = Changed logs are noticed
clause-pci-10-4-1 = Logs looked through every day
clause-pci-10-4-3 = Findings followed up
clause-pci-10-5-1 = A year of logs, the last three months at hand
clause-pci-10-6-1 = Clocks in step
clause-pci-10-7-2 = Failed safeguards noticed and answered

## HIPAA, 45 CFR

clause-hipaa-164-308-a-1-ii-d = Activity reviewed regularly
clause-hipaa-164-308-a-3 = Access only for staff who need it
clause-hipaa-164-308-a-5-ii-c = Sign-ins watched
clause-hipaa-164-312-a = Access only for those allowed
clause-hipaa-164-312-b = Activity recorded and examined
clause-hipaa-164-312-c-1 = Data neither altered nor destroyed wrongly
clause-hipaa-164-312-d = Proof of who somebody is
clause-hipaa-164-316-b-2-i = Records kept for six years

## GDPR

clause-gdpr-5-1-e = Kept no longer than needed
clause-gdpr-5-1-f = Protected from misuse and loss
clause-gdpr-5-2 = Being able to show it
clause-gdpr-15 = People learn what is kept of them
clause-gdpr-17 = Erasure on request
clause-gdpr-18 = Data set aside on request
clause-gdpr-25 = Protection built in from the start
clause-gdpr-30 = A list of what is done with data
clause-gdpr-32 = Security that fits the risk
clause-gdpr-33-34 = Breaches reported in time
