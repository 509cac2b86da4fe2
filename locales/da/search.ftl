search-search-again = Søg igen
search-what-to-look-for = Hvad der skal søges efter
search-a-part-of-a-name = En del af et navn
search-what-are-you-looking-for = Hvad leder du efter?
search-people-groups-applications-roles-and = Personer, grupper, applikationer, roller og steder, efter en del af deres navne.
search-nothing-that-you-may-see = Intet, du må se, har et sådant navn. Prøv en kortere del af det.
search-all-found = Alle fundne { $found }
