# shellcheck shell=sh
# How start-server waits while it cannot know its role: bounded, one line per new reason, and what it does when the time is over.

begin_waiting() {
  read_clock
  began_ms=$now_ms said='' waiting=''
  volume_is_whole || rm -f "$HOLDFAST_DATA/freshness" # a record without its data would win an election
  give_up_ms=$((now_ms + HOLDFAST_WAIT_S * 1000))
}

# Says the reason in $waiting if it is new, and sleeps; exits 75 when HOLDFAST_WAIT_S is over.
wait_or_give_up() {
  if [ "$waiting" != "$said" ]; then log "$waiting" "wait" "a node never makes itself primary by guessing"; fi
  said=$waiting
  read_clock
  [ "$now_ms" -lt "$give_up_ms" ] || stop_with 75 "$waiting" "waited ${HOLDFAST_WAIT_S} s (HOLDFAST_WAIT_S); start me again"
  sleep 0.2 3>&-
}

# True in the last second before giving up.
last_chance() {
  read_clock
  [ $((now_ms + 1000)) -ge "$give_up_ms" ]
}

# True if every peer of my shard has shown its record, or enough time went by and at least one has.
records_are_in() {
  [ -n "$shown" ] || return 1
  [ -n "$unseen" ] || return 0
  read_clock
  [ $((now_ms - began_ms)) -ge $((HOLDFAST_FRESHNESS_WAIT_S * 1000)) ]
}

# The last resort of a node that is told to be primary, with nothing on its volume and nobody to copy from.
empty_and_alone() {
  if [ "$HOLDFAST_ACCEPT_DATA_LOSS" = yes ]; then return; fi
  stop_with 78 "$saw, my volume is empty, and no other copy of the data was found" \
    "restore a backup, bring a replica back, or accept the loss with HOLDFAST_ACCEPT_DATA_LOSS=yes"
}
