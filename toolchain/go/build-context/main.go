// Command build-context prints what BuildKit's client sends of build contexts, for the tests of our own rules.
//
// Each line of standard input is a JSON object: the folder, the .dockerignore file that applies (or ""), and patterns
// in front of its own. Each line of output answers one of them.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	gofs "io/fs"
	"os"

	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

type question struct {
	Context string   `json:"context"`
	Ignore  string   `json:"ignore"`
	Before  []string `json:"before"`
}

type entry struct {
	Path       string `json:"path"`
	Kind       string `json:"kind"`
	Mode       uint32 `json:"mode"`
	Size       int64  `json:"size"`
	Link       string `json:"link"`
	Content    string `json:"content"`
	ModifiedNs int64  `json:"modified_ns"`
	Uid        uint32 `json:"uid"`
}

type answer struct {
	Error   string  `json:"error"`
	Entries []entry `json:"entries"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var asked question
		if err := json.Unmarshal(in.Bytes(), &asked); err != nil {
			panic(err)
		}
		var answered answer
		entries, err := sent(asked)
		if err != nil {
			answered.Error = err.Error()
		} else {
			answered.Entries = entries
		}
		if err := out.Encode(answered); err != nil {
			panic(err)
		}
	}
}

// sent is what fsutil.Send sends of the folder as buildx and the Dockerfile frontend set it up.
func sent(asked question) ([]entry, error) {
	patterns := asked.Before
	if asked.Ignore != "" {
		file, err := os.Open(asked.Ignore)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		// Source: buildkit, frontend/dockerui, dockerIgnorePatterns.
		read, err := ignorefile.ReadAll(file)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, read...)
	}
	// Source: buildx, build/opt.go, setLocalMount.
	fs, err := fsutil.NewFS(asked.Context)
	if err != nil {
		return nil, err
	}
	// Source: buildkit, client/solve.go, prepareSyncedFiles.
	fs, err = fsutil.NewFilterFS(fs, &fsutil.FilterOpt{Map: withoutOwner})
	if err != nil {
		return nil, err
	}
	// Source: buildkit, session/filesync, handle.
	fs, err = fsutil.NewFilterFS(fs, &fsutil.FilterOpt{ExcludePatterns: patterns})
	if err != nil {
		return nil, err
	}
	entries := []entry{}
	// Source: fsutil, send.go.
	fs = fsutil.WithHardlinkReset(fs)
	err = fs.Walk(context.Background(), "/", func(path string, found gofs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := found.Info()
		if err != nil {
			return err
		}
		stat := info.Sys().(*types.Stat)
		mode := os.FileMode(stat.Mode)
		one := entry{
			Path: stat.Path, Kind: kind(mode), Mode: uint32(mode.Perm()), Size: stat.Size, Link: stat.Linkname,
			ModifiedNs: stat.ModTime, Uid: stat.Uid,
		}
		if mode&(os.ModeSetuid|os.ModeSetgid|os.ModeSticky) != 0 {
			one.Kind += " with special bits"
		}
		if mode&os.ModeType == 0 {
			one.Content = content(fs, stat.Path)
		}
		entries = append(entries, one)
		return nil
	})
	return entries, err
}

func withoutOwner(_ string, stat *types.Stat) fsutil.MapResult {
	stat.Uid = 0
	stat.Gid = 0
	return fsutil.MapResultKeep
}

func kind(mode os.FileMode) string {
	switch {
	case mode.IsDir():
		return "folder"
	case mode&os.ModeSymlink != 0:
		return "symlink"
	case mode.IsRegular():
		return "file"
	}
	return "special"
}

// content is the hash of what is sent of a file: nothing, where it cannot be opened.
func content(fs fsutil.FS, path string) string {
	digest := sha256.New()
	if file, err := fs.Open(path); err == nil {
		defer file.Close()
		if _, err := io.Copy(digest, file); err != nil {
			return err.Error()
		}
	}
	return hex.EncodeToString(digest.Sum(nil))
}
