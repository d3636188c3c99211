import { Column, Entity, PrimaryColumn } from 'typeorm';

/** From sign-in to sign-out. The refresh token changes with each use; hashes are kept, never a token. */
@Entity('sessions')
export class Session {
  @PrimaryColumn('uuid') sid!: string;
  @Column('uuid', { name: 'account_id' }) accountId!: string;
  @Column('text', { name: 'refresh_hash' }) refreshHash!: string;
  /** Of the refresh token before, which other tabs may still send for a few seconds. */
  @Column('text', { name: 'previous_hash', nullable: true }) previousHash: string | null = null;
  /** Makes the present refresh token out of the one before. */
  @Column('text', { name: 'rotation_salt', nullable: true }) rotationSalt: string | null = null;
  /** Of the address that began it. */
  @Column('text', { name: 'address_hash', nullable: true }) addressHash: string | null = null;
  /** The user agent that began it, for the list of the customer's sessions. */
  @Column('text', { nullable: true }) device: string | null = null;
  @Column('timestamptz', { name: 'begun_at' }) begunAt!: Date;
  @Column('timestamptz', { name: 'refreshed_at' }) refreshedAt!: Date;
  /** The idle limit or the absolute one, whichever comes first. */
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt: Date | null = null;
  @Column('int') version = 0;
}
