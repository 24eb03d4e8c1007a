/* The subscriptions of a session: each one client's way through a scenario, with its connections. */

(() => {
  'use strict'

  const path = (target) => target.split('?')[0]
  const keyOf = ({scenario, subscription}) => `${scenario}\n${subscription}`

  class Subscription {
    constructor(entry, number) {
      this.number = number
      this.subscription = entry.subscription
      this.scenario = entry.scenario
      this.operation = entry.operation
      this.target = entry.target
      this.lanes = []
    }

    get last() {
      return this.lanes[this.lanes.length - 1]
    }
  }

  class Subscriptions {
    constructor() {
      this.list = []
      this.known = new Map()
      this.numbered = 0
    }

    /** Return the one that an opened connection belongs to; a new one where it has none. */
    of(entry) {
      return this.begun(entry) || this.begin(entry)
    }

    /** Find the one that a connection goes on with: of the same address, or else of the same path. */
    begun({connection, target, ...entry}) {
      if (connection === 1) return null
      const known = this.known.get(keyOf(entry)) || []
      const waiting = known.filter((sub) => connection === 0 || sub.last.connection === connection - 1)
      return waiting.findLast((sub) => sub.target === target)
        || waiting.findLast((sub) => path(sub.target) === path(target))
        || waiting[waiting.length - 1]
    }

    begin(entry) {
      const made = new Subscription(entry, this.numbered += 1)
      const key = keyOf(entry)
      if (!this.known.has(key)) this.known.set(key, [])
      this.known.get(key).push(made)
      this.list.push(made)
      return made
    }

    /** Return a place before all others, for requests that belong to nobody's story. */
    refused(entry) {
      const made = new Subscription({...entry, operation: 'Refused requests'}, 0)
      this.list.unshift(made)
      return made
    }

    /** Let go of a connection, and of its subscription with the last one. */
    forget(lane) {
      const {sub} = lane
      sub.lanes.splice(sub.lanes.indexOf(lane), 1)
      if (sub.lanes.length) return
      this.list.splice(this.list.indexOf(sub), 1)
      const key = keyOf(sub)
      this.known.set(key, this.known.get(key).filter((one) => one !== sub))
    }
  }

  globalThis.timelineSubscriptions = {Subscriptions}
})()
