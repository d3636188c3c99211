import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Failed sign-ins of one account or one address in a period of time. The key is a hash. */
@Entity('failed_sign_ins')
export class FailedSignIns {
  @PrimaryColumn('text') key!: string;
  @Column('int') count = 0;
  @Column('timestamptz', { name: 'started_at' }) startedAt!: Date;
  @Column('timestamptz', { name: 'refused_until' }) refusedUntil!: Date;
  @Column('int') version = 0;
}
