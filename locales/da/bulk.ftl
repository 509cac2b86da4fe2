bulk-what-assignments = { $what }: { $count ->
    [one] 1 tildeling
   *[other] { $count } tildelinger
}
bulk-some-changed = { $changed } af { $count ->
    [one] 1 tildeling
   *[other] { $count } tildelinger
} ændret
bulk-choose-at-least-one-assignment = Vælg mindst én tildeling.
bulk-would-be-done = ville blive udført
bulk-was-until = Var indtil
bulk-then-until = Derefter indtil
