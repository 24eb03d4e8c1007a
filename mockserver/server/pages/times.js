/* Times and numbers as people read them: how long something takes, a point on a clock, how many. */

(() => {
  'use strict'

  const composed = (hours, minutes, rest) =>
    [hours && `${hours} h`, minutes && `${minutes} min`, rest && `${rest} s`].filter(Boolean).join(' ')

  const toThousandths = (number) => Math.round(number * 1000) / 1000

  /** Write what was written down, with all its digits: 1.525 s, 250 ms, 2 min 5 s, for ever. */
  const duration = (value) => {
    if (value === null || value === Infinity) return 'for ever'
    if (value > 0 && value < 1) return `${toThousandths(value * 1000)} ms`
    if (value < 120) return `${toThousandths(value)} s`
    return composed(Math.floor(value / 3600), Math.floor((value % 3600) / 60), toThousandths(value % 60))
  }

  /** Write what was measured, with as many digits as matter: 12 ms, 1.52 s, 2 min 5 s. */
  const seconds = (value) => {
    const sign = value < 0 ? '−' : ''
    const size = Math.abs(value)
    if (size < 0.0005) return '0 s'
    if (size < 0.9995) return `${sign}${Number((size * 1000).toFixed(size < 0.01 ? 1 : 0))} ms`
    if (size < 59.995) return `${sign}${Number(size.toFixed(2))} s`
    const all = Math.round(size)
    return sign + composed(Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60)
  }

  /** Write a point of time on an axis: 0:05, 1:02:05, with as many digits as steps need. */
  const moment = (value, step) => {
    const digits = step >= 1 ? 0 : Math.min(3, Math.ceil(-Math.log10(step) - 1e-9))
    const whole = Number(value.toFixed(digits))
    const hours = Math.floor(whole / 3600)
    const minutes = Math.floor(whole / 60) % 60
    const rest = (whole % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, '0')
    return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
  }

  /** Write how many there are: 1 event, 2 events. */
  const counted = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`

  globalThis.times = {counted, duration, moment, seconds}
})()
