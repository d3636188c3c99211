import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { Reservation, type ReservationStatus } from './reservation.entity.ts';
import { outcomeOf, release, ship, shortages } from './reservation.model.ts';

const tent = (quantity: number) => ({ productId: 'tent', quantity });
const mug = (quantity: number) => ({ productId: 'mug', quantity });
const free = new Map([
  ['tent', 5],
  ['mug', 1],
]);
const reservationIn = (status: ReservationStatus) =>
  Object.assign(new Reservation(), { orderId: 'o1', status, lines: [tent(2)] });

describe('shortages', () => {
  it.each([
    ['enough of everything', [tent(5), mug(1)], []],
    ['one line too much', [tent(5), mug(2)], ['mug']],
    ['lines of one product that are too much together', [tent(3), tent(3)], ['tent']],
    ['a product that has no stock', [{ productId: 'hat', quantity: 1 }], ['hat']],
  ])('are found with %s', (_, lines, expected) => expect(shortages(lines, free)).toEqual(expected));
});

describe('a reservation', () => {
  it.each([
    ['reserved', 'reserved'],
    ['shipped', 'reserved'],
    ['refused', { reason: 'outOfStock', productIds: [] }],
    ['released', { reason: 'released', productIds: [] }],
  ] as const)('that is %s answers a repeat with its first outcome', (status, outcome) =>
    expect(outcomeOf(reservationIn(status))).toEqual(outcome),
  );
  it.each([
    ['reserved', [tent(2)]],
    ['refused', []],
    ['released', []],
  ] as const)('that is %s is released', (status, lines) => {
    const reservation = reservationIn(status);
    expect([release(reservation), reservation.status]).toEqual([lines, 'released']);
  });
  it('that is shipped cannot be released', () =>
    expect(() => release(reservationIn('shipped'))).toThrow(/cannot be put back/));
  it.each([
    ['reserved', [tent(2)], 'shipped'],
    ['shipped', [], 'shipped'],
    ['released', [], 'released'],
    ['refused', [], 'refused'],
  ] as const)('that is %s ships its lines once, or nothing', (status, lines, after) => {
    const reservation = reservationIn(status);
    expect([ship(reservation), reservation.status]).toEqual([lines, after]);
  });
});
