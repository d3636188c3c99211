import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Its id is derived from caller, product and key: a repeat finds it and adds nothing. */
@Entity('replenishments')
export class Replenishment {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'product_id' }) productId!: string;
  @Column('int') units!: number;
  @Column('int') version = 0;
}
