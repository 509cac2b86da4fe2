bulk-choose-at-least-one-assignment = Choose at least one assignment.
bulk-would-be-done = would be done
bulk-was-until = Was until
bulk-then-until = Then until
bulk-what-assignments = { $what }: { $count ->
    [one] 1 assignment
   *[other] { $count } assignments
}
bulk-some-changed = { $changed } of { $count ->
    [one] 1 assignment
   *[other] { $count } assignments
} changed
