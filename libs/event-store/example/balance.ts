import type { Projection } from '@fieldguide/event-store';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CardEvent } from './gift-card.ts';

@Entity('balances')
export class Balance {
  @PrimaryColumn('text', { name: 'card_id' }) cardId!: string;
  @Column('int', { name: 'left_minor' }) leftMinor = 0;
  @Column('timestamptz', { name: 'used_at', nullable: true }) usedAt: Date | null = null;
  @Column('int') version = 0;
}

export const balance: Projection<Balance, CardEvent> = {
  name: 'balance',
  table: Balance,
  key: 'cardId',
  rowOf: ({ stream }) => stream.slice('card-'.length),
  initial: (cardId) => Object.assign(new Balance(), { cardId }),
  on: {
    CardIssued: (row, { data }) => Object.assign(row, { leftMinor: data.amountMinor }),
    CardRedeemed: (row, { data, time }) =>
      Object.assign(row, { leftMinor: row.leftMinor - data.amountMinor, usedAt: time }),
  },
};
