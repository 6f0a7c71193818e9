# What is worked out of an event when it arrives: on the page of an entry, Settings, Geo data, and the calendar.

fact-noted = Noted on arrival
fact-network = Network
fact-behind-proxies = Address behind the proxies
fact-program = Browser and system
approximately = ≈ { $place }

noted-country-new = New country for this person
noted-address-new = New address for this person
noted-agent-new = New browser for this person
noted-off-hours = Outside working hours
noted-hour-rare = Hardly ever active at this hour
noted-dormant = First activity in { $days } days
noted-travel = At least { $kmh } km/h since the last sign-in
noted-neighbour = Last sign-in was from a neighbouring country
noted-impersonation = While acting as somebody else
noted-widens = Gives more rights than before
noted-narrows = Gives fewer rights than before
noted-self = About themselves
noted-host-new = First webhook to this host
noted-actions = { $count } entries of this person within an hour
noted-more-than-usual = Far more often today than on other days

address-private = private address
address-loopback = this machine
address-link-local = link-local address
address-cgnat = shared address of a provider (CGNAT)
address-documentation = address for documentation
address-benchmarking = address for tests
address-multicast = multicast address
address-unspecified = no address
address-reserved = reserved address

device-computer = Computer
device-phone = Phone
device-tablet = Tablet
device-bot = Crawler
device-program = Program

settings-geo = Geo data
geo-told = Where an address is gets worked out when an event arrives and is kept with the entry. Other data holds for later entries only.
geo-in-use = In use
geo-what = Knows
geo-kind-city = Cities
geo-kind-country = Countries
geo-kind-asn = Networks (ASN)
geo-source = Source
geo-date = As of
geo-licence = Licence and attribution
geo-table = Country table of this version
geo-table-licence = Public data of IPtoASN (iptoasn.com), from ip-location-db; Public Domain Dedication and License 1.0. Approximate: about 7 of 100 addresses are in another country.
geo-table-idle = Not asked, because a file knows countries.
geo-table-off = No country is worked out: the country table is switched off, and no file knows countries.
geo-file-licence = See its publisher. GeoLite2 (MaxMind) and DB-IP Lite ask to be named where their data is shown.
geo-uploaded = Uploaded
geo-configured = Named in the configuration file
geo-problem = What lies there now cannot be used: { $why }
geo-upload = Upload a file
geo-upload-told = A MaxMind DB (.mmdb) of cities, countries or networks, at most { $max } MB. It takes the place of an uploaded file of the same kind.
geo-upload-file = File
geo-upload-do = Upload
geo-reload = Read all files again
geo-remove-of = Remove { $what }
geo-refused = The file was not taken, and everything stays as it was: { $why }
geo-missing = Choose a file of at most { $max } MB.
geo-not-yours = The files are those of the whole server. Its administrators change them.
geo-addresses = Addresses of this workspace
trusted-proxies = Trusted proxies
trusted-proxies-told = If an event names one of these as its address, what counts is the nearest address it was forwarded for that is none of them. Both are kept.
egress-networks = VPNs and other ways out
egress-networks-told = Signing in from here says nothing about where somebody is, so no travel is worked out.

working-days = Working days
holidays = Holidays
holidays-told = Dates such as 2026-12-25, one on each line.
expected-holidays = Dates such as 2026-12-25 are expected, at most { $max }.
expected-working-days = Choose at least one working day.
