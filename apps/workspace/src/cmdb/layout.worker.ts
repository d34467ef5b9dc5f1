import { Graph, layout } from '@dagrejs/dagre';
import { type LayoutTask, NODE, type Positions } from './layout';

/** The space for a text on a line. */
const LABEL = { width: 100, height: 14 };

// A large picture takes seconds, in which the page has to go on.
self.onmessage = ({ data: { ids, lines, hasLabels } }: MessageEvent<LayoutTask>) => {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 16, ranksep: hasLabels ? 30 : 90, ranker: 'tight-tree' });
  for (const id of ids) graph.setNode(id, { ...NODE });
  for (const { id, from, to } of lines) graph.setEdge(from, to, hasLabels ? { ...LABEL } : {}, id);
  layout(graph);
  const positions: Positions = Object.fromEntries(
    ids.map((id) => {
      const { x = 0, y = 0 } = graph.node(id) as { readonly x?: number; readonly y?: number };
      return [id, { x: x - NODE.width / 2, y: y - NODE.height / 2 }];
    }),
  );
  self.postMessage(positions);
};
