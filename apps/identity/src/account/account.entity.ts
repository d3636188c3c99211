import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('accounts')
export class Account {
  @PrimaryColumn('uuid') id!: string;
  /** Lower case. */
  @Column('text') email!: string;
  @Column('text') name!: string;
  @Column('text') kind!: 'customer' | 'staff';
  @Column('text', { name: 'password_hash' }) passwordHash!: string;
  @Column('int') version = 0;
}

/** What each kind may do; a token carries it as `scope`. */
export const scopesOf = {
  customer: 'account orders:read orders:write accounts:erase',
  staff: 'account orders:read:any catalog:write stock:write operations',
} as const;
