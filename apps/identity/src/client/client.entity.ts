import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A program with its own name: a service, or the operator's tools. */
@Entity('clients')
export class Client {
  @PrimaryColumn('text') id!: string;
  @Column('text', { name: 'secret_hash' }) secretHash!: string;
  /** What its present tokens have as `sid`: they are revoked together. */
  @Column('uuid') sid!: string;
  @Column('int') version = 0;
}
