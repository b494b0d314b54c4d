import type { Instant } from './time.ts';

const DAY = 86_400_000;

const digits = (n: number, length: number) => String(n).padStart(length, '0');

/** An instant of the years 0 to 9999 in UTC as ISO 8601 writes it: `2026-03-01T09:30:00.000Z`. */
export function isoTime(at: Instant): string {
  const dayNumber = Math.floor(at / DAY);
  const { year, month, day } = civilDate(dayNumber);
  const ms = at - dayNumber * DAY;
  const hour = digits(Math.floor(ms / 3_600_000), 2);
  const minute = digits(Math.floor(ms / 60_000) % 60, 2);
  const second = digits(Math.floor(ms / 1000) % 60, 2);
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}T${hour}:${minute}:${second}.${digits(ms % 1000, 3)}Z`;
}

/**
 * The Gregorian date of a day counted from 1970-01-01. The core has no Date, so it counts: years begin in March, which
 * puts the leap day last, and repeat every 400 (146,097 days).
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 */
function civilDate(dayNumber: number): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
} {
  const shifted = dayNumber + 719_468; // days from 0000-03-01
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}
