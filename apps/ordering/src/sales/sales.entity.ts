import type { SalesItem } from '@fieldguide/contracts/ordering';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was sold of one product on one day in one currency. */
@Entity('sales')
export class Sales {
  /** `<day> <product> <currency>`: sorts by day. */
  @PrimaryColumn('text') key!: string;
  /** As text: a date would need a time zone whenever it is read. */
  @Column('text') day!: string;
  @Column('uuid', { name: 'product_id' }) productId!: string;
  @Column('text') currency!: string;
  /** The name under which it was last sold or cancelled. */
  @Column('text') name = '';
  @Column('int') orders = 0;
  @Column('int') units = 0;
  @Column('bigint', { name: 'revenue_minor' }) revenueMinor = '0';
  @Column('int', { name: 'cancelled_units' }) cancelledUnits = 0;
  @Column('int') version = 0;

  toPublic(): SalesItem {
    const { day, productId, name, orders, units, cancelledUnits, currency } = this;
    const revenue = { amountMinor: Number(this.revenueMinor), currency };
    return { day, productId, name, orders, units, revenue, cancelledUnits };
  }
}
