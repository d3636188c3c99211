import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A program with its own name: a service, or the operator's tools. */
@Entity('clients')
export class Client {
  @PrimaryColumn('text') id!: string;
  @Column('text', { name: 'secret_hash' }) secretHash!: string;
  @Column('int') version = 0;
}

/** What each client may do. A client that is not listed may do nothing. */
export const clientScopes: Readonly<Record<string, string>> = {
  shipping: 'orders:address:read',
  operator: 'orders:read:any catalog:write stock:write operations',
};
