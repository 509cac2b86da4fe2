search-search-again = Search again
search-what-to-look-for = What to look for
search-a-part-of-a-name = A part of a name
search-what-are-you-looking-for = What are you looking for?
search-people-groups-applications-roles-and = People, groups, applications, roles and places, by a part of their names.
search-nothing-that-you-may-see = Nothing that you may see has such a name. Try a shorter part of it.
search-all-found = All { $found } found
