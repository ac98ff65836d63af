package graph

// heap is a binary min-heap of node numbers. It exists because container/heap
// boxes every element.
type heap []int32

func (h *heap) push(n int32) {
	*h = append(*h, n)
	s := *h
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if s[up] <= s[i] {
			return
		}
		s[up], s[i] = s[i], s[up]
		i = up
	}
}

// pop removes and returns the smallest number; the heap must not be empty.
func (h *heap) pop() int32 {
	s := *h
	top := s[0]
	last := len(s) - 1
	s[0] = s[last]
	s = s[:last]
	*h = s
	i := 0
	for {
		least := 2*i + 1
		if least >= last {
			return top
		}
		if right := least + 1; right < last && s[right] < s[least] {
			least = right
		}
		if s[i] <= s[least] {
			return top
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
}
