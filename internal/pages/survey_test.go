// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/link"
	"github.com/waymark-dev/waymark/internal/pages"
)

const journey = "Journey/shop/first-purchase"

func asking() *definition.Delivery {
	d := delivery()
	d.Surveys = []definition.AskedSurvey{{Journey: journey, Answers: []definition.AskedAnswer{
		{Name: "price", Title: "Дорогая <доставка>"}, {Name: "size", Title: "Нет размера"},
	}}}
	return d
}

func newSurvey(t testing.TB) *shop {
	t.Helper()
	s := newShop(t)
	if err := s.pages.SetDelivery(asking()); err != nil {
		t.Fatalf("set delivery: %v", err)
	}
	return s
}

// question gives the link for one answer; for none, of the page that asks.
func (s *shop) question(answer string) string {
	s.t.Helper()
	address, err := s.keys.URL("", link.Link{Kind: link.Survey, Contact: "anna", Effect: "m1", Journey: journey, Answer: answer, Issued: sent})
	if err != nil {
		s.t.Fatalf("URL: %v", err)
	}
	return address
}

// answers reads what was appended.
func (s *shop) answers() (list []event.SurveyAnswer) {
	s.t.Helper()
	for _, e := range s.events {
		var a event.SurveyAnswer
		if err := json.Unmarshal(e.Data, &a); err != nil || e.Type != event.SurveyAnswered || e.Contact != "anna" || e.Source != pages.Source {
			s.t.Fatalf("event %+v: %v", e, err)
		}
		list = append(list, a)
	}
	return list
}

var chosen = regexp.MustCompile(`value="([a-z]+)" checked`)

func chosenIn(w *httptest.ResponseRecorder) string {
	if found := chosen.FindStringSubmatch(w.Body.String()); found != nil {
		return found[1]
	}
	return ""
}

func TestLookingAtASurveyIsNoAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		method, answer, agent string
		chosen                string
		presses               bool
	}{
		"the page":                     {method: "GET", agent: browser},
		"an answer":                    {method: "GET", answer: "size", agent: browser, chosen: "size", presses: true},
		"other":                        {method: "GET", answer: "other", agent: browser, chosen: "other", presses: true},
		"an answer that went":          {method: "GET", answer: "weather", agent: browser},
		"a scanner that reads":         {method: "GET", answer: "size", agent: "Barracuda Sentinel (EE)", chosen: "size"},
		"a scanner with a browser":     {method: "GET", answer: "size", agent: "Mozilla/5.0 HeadlessChrome/140.0", chosen: "size"},
		"a scanner that asks for more": {method: "HEAD", answer: "size", agent: browser, chosen: "size"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSurvey(t)
			r := httptest.NewRequest(tt.method, s.question(tt.answer), http.NoBody)
			r.Header.Set("User-Agent", tt.agent)
			r.Header.Set("Accept-Language", "ru")
			w := httptest.NewRecorder()
			s.pages.ServeHTTP(w, r)
			if w.Code != http.StatusOK || len(s.events) != 0 {
				t.Fatalf("answered %d and made %d events", w.Code, len(s.events))
			}
			if got := chosenIn(w); got != tt.chosen {
				t.Errorf("%q is chosen, want %q", got, tt.chosen)
			}
			for _, want := range []string{"Что вас остановило?", "Дорогая &lt;доставка&gt;", "Нет размера", "Другое", "Ответить"} {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("the page does not say %s:\n%s", want, w.Body)
				}
			}
			script := strings.Contains(w.Body.String(), "<script>")
			allowed := strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'sha256-")
			if script != tt.presses || allowed != tt.presses {
				t.Errorf("a script %v, allowed %v, want %v", script, allowed, tt.presses)
			}
		})
	}
}

func TestNoScriptAnswersMailThatHasJustArrived(t *testing.T) {
	s := newSurvey(t)
	for after, want := range map[time.Duration]bool{time.Minute: false, 6 * time.Minute: true} {
		s.now = sent.Add(after)
		if got := strings.Contains(s.send("GET", s.question("size"), "", "").Body.String(), "<script>"); got != want {
			t.Errorf("after %v a script %v, want %v", after, got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		link, body, agent string
		want              []event.SurveyAnswer
		says              string
	}{
		"the chosen one":          {"size", "lang=ru&scope=answer&answer=size", browser, []event.SurveyAnswer{{Journey: journey, Answer: "size", Effect: "m1"}}, "Ваш ответ: «Нет размера»"},
		"another one":             {"size", "lang=ru&answer=price", browser, []event.SurveyAnswer{{Journey: journey, Answer: "price", Effect: "m1"}}, "Ваш ответ: «Дорогая &lt;доставка&gt;»"},
		"of the page, in English": {"", "lang=en&answer=other", browser, []event.SurveyAnswer{{Journey: journey, Answer: "other", Effect: "m1"}}, "Your answer is “Something else”"},
		"one that is not offered": {"", "lang=ru&answer=weather", browser, nil, "Что вас остановило?"},
		"none":                    {"size", "lang=ru", browser, nil, "Что вас остановило?"},
		"one for another journey": {"", "lang=ru&answer=size&journey=Journey/shop/b", browser, []event.SurveyAnswer{{Journey: journey, Answer: "size", Effect: "m1"}}, "Спасибо"},
		"a program's":             {"size", "lang=ru&answer=size", "Mozilla/5.0 HeadlessChrome/140.0", nil, "Что вас остановило?"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSurvey(t)
			r := httptest.NewRequest("POST", s.question(tt.link)+"?utm=x&answer=price", strings.NewReader(tt.body))
			r.Header.Set("User-Agent", tt.agent)
			r.Header.Set("Content-Type", form)
			w := httptest.NewRecorder()
			s.pages.ServeHTTP(w, r)
			if diff := cmp.Diff(tt.want, s.answers()); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("answered %d, want it to say %s:\n%s", w.Code, tt.says, w.Body)
			}
			if strings.Contains(w.Body.String(), "<script>") {
				t.Error("what was answered is answered again by a script")
			}
		})
	}
}

// Who changes their mind and changes it back has the last word: no event may be taken for a repeat of the first.
func TestTheLatestAnswerIsAnEventOfItsOwn(t *testing.T) {
	s := newSurvey(t)
	ids := map[string]bool{}
	for _, answer := range []string{"size", "price", "size"} {
		s.send("POST", s.question("size"), form, "answer="+answer)
		s.now = s.now.Add(time.Second)
	}
	for _, e := range s.events {
		ids[e.ID] = true
	}
	if len(s.events) != 3 || len(ids) != 3 {
		t.Errorf("events %+v", s.events)
	}
}

func TestWhoFollowsAllAnswersAtOnceIsAProgram(t *testing.T) {
	s := newSurvey(t)
	s.send("GET", s.question("price"), "", "")
	w := s.send("GET", s.question("size"), "", "")
	if strings.Contains(w.Body.String(), "<script>") {
		t.Error("the second link of a scanner presses its button")
	}
	s.send("POST", s.question("size"), form, "answer=size")
	if len(s.events) != 0 {
		t.Errorf("a scanner answered: %+v", s.events)
	}
	s.now = s.now.Add(time.Minute)
	s.send("POST", s.question("size"), form, "answer=size")
	if len(s.events) != 1 {
		t.Errorf("the person later did not: %+v", s.events)
	}
}

func TestAnswersAreThereOrRefused(t *testing.T) {
	s := newSurvey(t)
	s.err = http.ErrServerClosed
	if w := s.send("POST", s.question("size"), form, "answer=size"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a log that is full answered %d", w.Code)
	}
	s.err = nil
	for name, tt := range map[string]struct {
		method, path, body string
		want               int
	}{
		"a form with junk": {"POST", s.question("size"), "%zz=1", http.StatusBadRequest},
		"a huge form":      {"POST", s.question("size"), "answer=" + strings.Repeat("x", 100_000), http.StatusRequestEntityTooLarge},
		"PUT":              {"PUT", s.question("size"), "answer=size", http.StatusMethodNotAllowed},
		"a link to stop":   {"POST", "/w/s/" + strings.TrimPrefix(s.address(link.Unsubscribe), "/w/u/"), "answer=size", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			if w := s.send(tt.method, tt.path, form, tt.body); w.Code != tt.want || len(s.events) != 0 {
				t.Errorf("answered %d, want %d, and made %d events", w.Code, tt.want, len(s.events))
			}
		})
	}
	if err := s.pages.SetDelivery(delivery()); err != nil {
		t.Fatalf("set delivery: %v", err)
	}
	if w := s.send("POST", s.question("size"), form, "answer=size"); w.Code != http.StatusGone || len(s.events) != 0 {
		t.Errorf("a journey that asks no more answered %d with %d events", w.Code, len(s.events))
	}
}

func TestOtherIsCalledAsTheRest(t *testing.T) {
	russian := asking().Surveys[0].Answers
	english := []definition.AskedAnswer{{Name: "price", Title: "Too expensive"}}
	for name, tt := range map[string]struct {
		language string
		answers  []definition.AskedAnswer
		want     string
	}{
		"a language":          {"ru-RU", english, "Другое"},
		"that of the answers": {"", russian, "Другое"},
		"English ones":        {"", english, "Something else"},
		"an unknown one":      {"de", russian, "Something else"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := pages.OtherTitle(tt.language, tt.answers); got != tt.want {
				t.Errorf("OtherTitle is %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzAnswer(f *testing.F) {
	for _, body := range []string{"answer=size", "answer=other&lang=xx", "answer=%3Cscript%3E", "a=%", "lang=ru"} {
		f.Add(body, "size")
		f.Add(body, "<b>")
	}
	f.Fuzz(func(t *testing.T, body, answer string) {
		s := newSurvey(t)
		address, err := s.keys.URL("", link.Link{Kind: link.Survey, Contact: "anna", Effect: "m1", Journey: journey, Answer: answer, Issued: sent})
		if err != nil {
			return // too long
		}
		for _, method := range []string{"GET", "POST"} {
			w := s.send(method, address, form, body)
			if strings.Contains(w.Body.String(), "<b>") {
				t.Fatalf("the page holds markup of the link:\n%s", w.Body)
			}
			if len(s.events) > 0 && (method == "GET" || w.Code != http.StatusOK) {
				t.Fatalf("%s made %d events and answered %d", method, len(s.events), w.Code)
			}
		}
		for _, a := range s.answers() {
			if a.Journey != journey || a.Answer != "size" && a.Answer != "price" && a.Answer != "other" {
				t.Fatalf("the form %q gave %+v", body, a)
			}
		}
	})
}
