// What kafkajs has and does not declare; `scram-users.ts` sends a request with it that kafkajs has no call for.
declare module 'kafkajs/src/cluster/index.js' {
  interface ProtocolCall<Answer> {
    readonly request: object;
    readonly response: {
      decode(bytes: Buffer): Promise<Answer>;
      parse(answer: Answer): Promise<Answer>;
    };
  }
  export default class Cluster {
    constructor(options: object);
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    refreshMetadata(): Promise<void>;
    findControllerBroker(): Promise<{
      readonly connectionPool: { send<Answer>(call: ProtocolCall<Answer>): Promise<Answer> };
    }>;
  }
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    writeInt8(value: number): this;
    writeInt32(value: number): this;
    writeUVarInt(value: number): this;
    writeUVarIntString(value: string): this;
    writeUVarIntBytes(value: Buffer): this;
    writeEncoder(value: Encoder): this;
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(bytes: Buffer);
    readInt16(): number;
    readInt32(): number;
    readUVarIntString(): string | null;
    readUVarIntArray<Item>(read: (decoder: Decoder) => Item): Item[];
    readTaggedFields(): void;
  }
}
