# Lengths of time, dates and lists.

time-minutes = { $minutes } min
time-hours = { $hours } h
time-hours-minutes = { $hours } h { $minutes } min
time-days = { $days ->
    [one] { $days } day
   *[other] { $days } days
}
time-months = { $months ->
    [one] { $months } month
   *[other] { $months } months
}
time-less-than-a-minute = less than a minute
time-just-now = just now
time-ago = { $span } ago
time-ends = ends { $it }

date-time-zone = { $day } { $short } { $year }, { $clock } { $zone }
date-exact = { $weekday } { $day } { $month } { $year }, { $seconds } { $zone }
date-day = { $day } { $short } { $year }
date-today = today { $clock }
date-tomorrow = tomorrow { $clock }
date-yesterday = yesterday { $clock }
date-this-year = { $day } { $short }, { $clock }
date-seconds = { $day } { $short } { $seconds }
date-minutes = { $day } { $short } { $year } { $clock }
date-month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
date-month-short = { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
date-weekday = { $day ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}

list-all = { $most } and { $last }
list-any = { $most } or { $last }
time-a-browser = A browser
time-browser-on = { $browser } on { $system }
time-how-to-write = Write it as 90m, 2h30m or 4 hours.
time-choose-a-day = Choose a day and a time.
