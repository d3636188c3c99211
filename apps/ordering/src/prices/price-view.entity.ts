import { Column, Entity, PrimaryColumn } from 'typeorm';

/** When the local copy of the prices was last complete, so that it has an age after a restart, too. */
@Entity('price_view')
export class PriceView {
  @PrimaryColumn('text') topic!: string;
  @Column('timestamptz', { name: 'caught_up_at' }) caughtUpAt!: Date;
  @Column('int') version = 0;
}
