import { Graph as Dagre, layout } from '@dagrejs/dagre';
import type { GraphEdge, MapNode } from './graph.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
  /** By id of the edge: its SVG path, and its middle. */
  readonly lines: ReadonlyMap<string, { readonly path: string; readonly middle: Point }>;
}

/** What determines the places: not the traffic. */
export interface Shape {
  readonly nodes: readonly Pick<MapNode, 'id' | 'label' | 'kind'>[];
  readonly edges: readonly Pick<GraphEdge, 'id' | 'from' | 'to'>[];
}

/** Of the 14 px font: wide enough for any letter of a name. */
const LETTER_PX = 7.6;
const [NODE_HEIGHT, TOPIC_HEIGHT] = [44, 28];

/** Arranges the graph from left to right. The same graph gives the same picture, whatever its traffic. */
export function layoutOf({ nodes, edges }: Shape): Layout {
  const dagre = new Dagre({ multigraph: true });
  dagre.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 20, edgesep: 10, marginx: 2, marginy: 8 });
  for (const node of nodes) dagre.setNode(node.id, sizeOf(node));
  for (const { id, from, to } of edges) dagre.setEdge(from, to, { minlen: 1 }, id);
  layout(dagre);
  const { width = 0, height = 0 } = dagre.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    boxes: new Map(nodes.map(({ id }) => [id, dagre.node(id) as unknown as Box])),
    lines: new Map(
      edges.map(({ id, from, to }) => {
        const { points } = dagre.edge(from, to, id) as unknown as { points: Point[] };
        return [id, { path: pathOf(points), middle: points[Math.floor(points.length / 2)]! }];
      }),
    ),
  };
}

function sizeOf({ label, kind }: Shape['nodes'][number]): Pick<Box, 'width' | 'height'> {
  const isTopic = kind === 'topic';
  return {
    width: Math.round(label.length * LETTER_PX) + (isTopic ? 20 : 26),
    height: isTopic ? TOPIC_HEIGHT : NODE_HEIGHT,
  };
}

/** A smooth line: through the middles between the points, bent at the points. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points as [Point, ...Point[]];
  const text = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const curves = rest.map((point, i) => {
    const next = rest[i + 1];
    if (!next) return `L ${text(point)}`;
    const middle = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q ${text(point)} ${text(middle)}`;
  });
  return `M ${text(first)} ${curves.join(' ')}`;
}
