# Varighed, datoer og lister.

time-minutes = { $minutes } min
time-hours = { $hours } t
time-hours-minutes = { $hours } t { $minutes } min
time-days = { $days ->
    [one] { $days } dag
   *[other] { $days } dage
}
time-months = { $months ->
    [one] { $months } måned
   *[other] { $months } måneder
}
time-less-than-a-minute = under et minut
time-just-now = lige nu
time-ago = for { $span } siden
time-ends = slutter { $it }

date-time-zone = { $day }. { $short } { $year } kl. { $clock } { $zone }
date-exact = { $weekday } den { $day }. { $month } { $year } kl. { $seconds } { $zone }
date-day = { $day }. { $short } { $year }
date-today = i dag kl. { $clock }
date-tomorrow = i morgen kl. { $clock }
date-yesterday = i går kl. { $clock }
date-this-year = { $day }. { $short } kl. { $clock }
date-seconds = { $day }. { $short } kl. { $seconds }
date-minutes = { $day }. { $short } { $year } kl. { $clock }
date-month = { $month ->
    [1] januar
    [2] februar
    [3] marts
    [4] april
    [5] maj
    [6] juni
    [7] juli
    [8] august
    [9] september
    [10] oktober
    [11] november
   *[12] december
}
date-month-short = { $month ->
    [1] jan.
    [2] feb.
    [3] mar.
    [4] apr.
    [5] maj
    [6] juni
    [7] juli
    [8] aug.
    [9] sep.
    [10] okt.
    [11] nov.
   *[12] dec.
}
date-weekday = { $day ->
    [1] mandag
    [2] tirsdag
    [3] onsdag
    [4] torsdag
    [5] fredag
    [6] lørdag
   *[7] søndag
}

list-all = { $most } og { $last }
list-any = { $most } eller { $last }
time-how-to-write = Skriv den som 90 min, 2 t 30 min eller 4 timer.
time-choose-a-day = Vælg en dag og et tidspunkt.
time-a-browser = En browser
time-browser-on = { $browser } på { $system }
