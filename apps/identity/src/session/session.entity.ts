import { Column, Entity, PrimaryColumn } from 'typeorm';

/** From sign-in to sign-out. The refresh token changes with each use; its hash is kept, never itself. */
@Entity('sessions')
export class Session {
  @PrimaryColumn('uuid') sid!: string;
  @Column('uuid', { name: 'account_id' }) accountId!: string;
  @Column('text', { name: 'refresh_hash' }) refreshHash!: string;
  /** Of the address that began it. */
  @Column('text', { name: 'address_hash', nullable: true }) addressHash: string | null = null;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt: Date | null = null;
  @Column('int') version = 0;
}
